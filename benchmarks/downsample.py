"""Downsampling compared with decompression alone, the paper's code, nilearn and TorchIO.

    python benchmarks/downsample.py

HCP-size images (260 x 311 x 260 voxels of 0.7 mm, brain-extracted) are generated from nilearn's
template with noise in the brain, as int16 and float32, compressed at level 6. Each contender reads
the file and returns 58 x 70 x 58 voxels; the result is the minimum processor time over the rounds.
The paper's code is nibabel and skimage's resize with anti-aliasing; scikit-image and TorchIO
are timed if they can be imported. `--cohort 60` times that many different files from disk instead;
`--job 56` runs the workflow's job on a batch of that size and prints the peak memory from its log.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
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

from voxplain.image.downsample import PAPER_SHAPE, downsample_file, downsample_nifti

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
    smooth = image.smooth_img(fine, 2 * VOXEL_MM * factors)  # does not smooth, so it aliases
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
        "voxplain, file to file": lambda: downsample_nifti(
            path, path.with_suffix(".coarse.nii.gz")
        ),
        "nilearn, smoothed": lambda: nilearns(path),
    }
    if importlib.util.find_spec("skimage"):
        runs["paper: nibabel + skimage"] = lambda: papers(path)
    if importlib.util.find_spec("torchio"):
        runs["TorchIO, anti-aliased"] = lambda: torchios(path)
    return runs


def memory(path: Path, name: str) -> float:
    """Return the peak memory of one call above the memory before it, MB."""
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


def job(folder: Path, n: int) -> None:
    """Print the peak memory of the whole process that downsamples a batch of `n` images."""
    root = Path(__file__).resolve().parents[1]
    for dtype in (np.int16, np.float32):
        name = str(np.dtype(dtype))
        image = make_image(folder / f"{name}.nii.gz", dtype)
        lines = ["participant_id\tsex\tpath"]
        for k in range(n):
            os.link(image, folder / f"{name}-{k}.nii.gz")
            lines.append(f"{name}-{k}\t{'FM'[k % 2]}\t{name}-{k}.nii.gz")
        (folder / "participants.tsv").write_text("\n".join(lines) + "\n")
        settings = {"run": name, "cohort_root": str(folder), "cohort": {"layout": "table"}}
        settings |= {"volumes": {"shape": PAPER_SHAPE, "batches": 1}, "folds": {"n_splits": 2}}
        (folder / "job.json").write_text(json.dumps(settings))
        target = f"results/{name}/volumes/batches/batch-00_quality.tsv"
        command = [sys.executable, "-m", "snakemake", target, "--cores", "1", "--quiet", "all"]
        command += ["--snakefile", str(root / "Snakefile")]
        command += ["--workflow-profile", str(root / "profiles" / "default")]
        command += ["--configfile", str(root / "config.yaml"), str(folder / "job.json")]
        subprocess.run(command, cwd=folder, check=True)
        log = folder / f"results/{name}/logs/downsample/batch-00.log"
        print(f"{n} {name} images: {log.read_text().splitlines()[-1]}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cohort", type=int, help="time this many files instead")
    parser.add_argument("--job", type=int, help="run a job on this many files instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.cohort:
            cohort(Path(folder), options.cohort)
        elif options.job:
            job(Path(folder), options.job)
        else:
            compare(Path(folder), options.rounds)


if __name__ == "__main__":
    main()
