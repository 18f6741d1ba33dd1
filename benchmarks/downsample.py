"""Downsampling beside bare inflate, the paper's path, nilearn and TorchIO, in one run.

    OMP_NUM_THREADS=1 python benchmarks/downsample.py

HCP-size images (260 x 311 x 260 voxels of 0.7 mm, brain-extracted) are made from nilearn's template
with noise in the brain, as int16 and float32, compressed at level 6. Each contender reads the file
and returns 58 x 70 x 58 voxels; the minimum over the rounds of this process's processor time is
kept. The paper's path is nibabel and skimage's resize with anti-aliasing; scikit-image and TorchIO
are timed if they can be imported. `--cohort 60` times that many different files from disk instead.
"""

import argparse
import importlib.util
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
from contenders import fastest, in_new_process, peak, reset_peak
from isal import igzip
from nilearn import datasets, image
from scipy import ndimage

from voxplain.downsample import PAPER_SHAPE, downsample_file, downsample_nifti

FINE = (260, 311, 260)
VOXEL_MM = 0.7


def make_image(path: Path, dtype: type, seed: int = 0) -> Path:
    template = datasets.load_mni152_template(resolution=2).get_fdata(dtype=np.float32)
    zoom = [new / old for new, old in zip(FINE, template.shape, strict=True)]
    volume = ndimage.zoom(template, zoom, order=1)
    noise = np.random.default_rng([seed]).normal(0, 20, FINE)
    volume = np.where(volume > 0.05, 1000 * volume + noise, 0).clip(0)
    affine = np.diag([-VOXEL_MM, VOXEL_MM, VOXEL_MM, 1])
    nib.Nifti1Image(volume.astype(dtype), affine).to_filename(path)
    return path


def inflate(path: Path) -> None:
    buffer = bytearray(1 << 20)
    with igzip.open(path) as stream:
        while stream.readinto(buffer):
            pass


def papers(path: Path) -> np.ndarray:
    from skimage.transform import resize

    data = nib.load(path).get_fdata()
    return resize(data, PAPER_SHAPE, anti_aliasing=True)


def nilearns(path: Path) -> np.ndarray:
    fine = nib.load(path)
    factors = np.array(FINE) / PAPER_SHAPE
    smooth = image.smooth_img(fine, 2 * VOXEL_MM * factors)  # no smoothing of its own: it aliases
    target = fine.affine @ np.diag([*factors, 1])
    return image.resample_img(
        smooth, target, PAPER_SHAPE, "linear", copy_header=True, force_resample=True
    ).get_fdata()


def torchios(path: Path) -> np.ndarray:
    import torchio

    target = tuple(VOXEL_MM * np.array(FINE) / PAPER_SHAPE)
    resample = torchio.Resample(target, antialias=True)
    return resample(torchio.ScalarImage(path)).numpy()


def contenders(path: Path) -> dict[str, Callable[[], object]]:
    runs = {
        "bare inflate (isal)": lambda: inflate(path),
        "voxplain": lambda: downsample_file(path),
        "nilearn, smoothed": lambda: nilearns(path),
    }
    if importlib.util.find_spec("skimage"):
        runs["paper: nibabel + skimage"] = lambda: papers(path)
    if importlib.util.find_spec("torchio"):
        runs["TorchIO, anti-aliased"] = lambda: torchios(path)
    return runs


def memory(path: Path, name: str) -> float:
    """Return the peak memory of one call above what was held before, MB."""
    run = contenders(path)[name]
    before = reset_peak()
    run()
    return peak() - before


def compare(folder: Path, rounds: int) -> None:
    for dtype in (np.int16, np.float32):
        path = make_image(folder / f"{np.dtype(dtype)}.nii.gz", dtype)
        times = fastest(contenders(path), rounds)
        bare, ours = times["bare inflate (isal)"], times["voxplain"]
        print(f"\n{np.dtype(dtype)}, {path.stat().st_size / 1e6:.1f} MB compressed")
        print(f"  {'':26s}{'ms':>9s}{'/ inflate':>11s}{'/ voxplain':>12s}{'MB peak':>9s}")
        for name, seconds in times.items():
            held = in_new_process(memory, path, name)
            print(
                f"  {name:26s}{1e3 * seconds:9.0f}{seconds / bare:11.2f}{seconds / ours:12.2f}"
                f"{held:9.0f}"
            )


def cohort(folder: Path, n: int) -> None:
    paths = [make_image(folder / f"{k}.nii.gz", np.float32, k) for k in range(n)]
    start = time.perf_counter()
    for path in paths:
        downsample_nifti(path, folder / f"coarse_{path.name}")
    seconds = (time.perf_counter() - start) / n
    print(
        f"{n} files, one process: {seconds:.3f} s a file; 1113 on two: {1113 * seconds / 2:.0f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cohort", type=int, help="time so many files instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.cohort:
            cohort(Path(folder), options.cohort)
        else:
            compare(Path(folder), options.rounds)


if __name__ == "__main__":
    main()
