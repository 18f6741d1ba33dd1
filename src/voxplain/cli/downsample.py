"""``voxplain downsample``: images averaged down to a coarser grid."""

from pathlib import Path
from typing import Annotated

import typer

from voxplain.cli.common import console, counted, progress_bar

EXAMPLES = """\
**Examples**

`voxplain downsample sub-*/anat/*_T1w.nii.gz --out coarse`

`voxplain downsample T1w.nii.gz --shape 30 36 30 --out coarse`
"""


def downsample(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SRC", help="NIfTI files, any orientation.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the coarse images, under the same names.")],
    shape: Annotated[
        tuple[int, int, int],
        typer.Option(help="Voxels along the right, anterior and superior axes.", min=1),
    ] = (58, 70, 58),
) -> None:
    """Average images over the boxes of a coarser grid: exact, anti-aliased, affine kept.

    Writes float32 in RAS order with the field of view of the source. Files that cannot be read are
    listed at the end; the others are written.
    """
    from voxplain.errors import ConfigError
    from voxplain.image.downsample import downsample_files

    if out.name.endswith((".nii", ".nii.gz")):
        raise ConfigError(
            f"--out {out} is the name of an image; give a folder, files keep their names"
        )
    with progress_bar("downsampled") as report:
        written = downsample_files(sources, out, shape, report)
    size = " x ".join(map(str, shape))
    console.print(f"{counted(len(written), 'image')} of {size} voxels in {out}", markup=False)
