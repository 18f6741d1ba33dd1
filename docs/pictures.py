"""Update the pictures of the documentation from a finished run: python docs/pictures.py [RUN].

One of them needs `snakemake truth`.
"""

import sys
from pathlib import Path

from PIL import Image

from voxplain.run.paths import RunPaths

WIDTH = 1100  # pixels: sharp at the width of a page, and a few hundred kB
PICTURES = Path(__file__).with_name("images")


def renew(run: str) -> None:
    """Shrink the figures that the documentation shows; in full colour, so that no shade is lost."""
    figures = RunPaths(run)
    for target in sorted(PICTURES.glob("*.png")):
        with Image.open(figures.figure(target.stem)[0]) as figure:
            size = (WIDTH, round(WIDTH * figure.height / figure.width))
            figure.convert("RGB").resize(size, Image.Resampling.LANCZOS).save(target, optimize=True)


if __name__ == "__main__":
    renew(*sys.argv[1:2] or ["demo"])
