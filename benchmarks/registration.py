"""Native IXI brains registered by ANTsPy, compared with the study's registration.

    python benchmarks/registration.py ../shared/data/ixi [--participants 16]
    python benchmarks/registration.py                    # one warp of HCP size: time and memory

Per participant, on the IXI preset's grid: Dice of the two brain masks (tissue is what exceeds 5 %
of the 98th percentile) and the correlation inside their union. For comparison, the same
numbers between different participants show what registration alone explains.
"""

import argparse
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd

from voxplain.image.downsample import PAPER_SHAPE, downsample_file
from voxplain.image.grid import Grid
from voxplain.preparation.resample import resample
from voxplain.preparation.spaces import ANTSPY_SPACE
from voxplain.preparation.to_mni152 import register
from voxplain.preparation.transforms import (
    Affine,
    DisplacementField,
    Transform,
    fsl_from_voxels,
    fsl_from_world,
)

SHAPE = (36, 43, 36)
SETTINGS = {"method": "antspy", "reference": None}


def tissue(volume):
    return volume > 0.05 * np.percentile(volume, 98)


def agreement(first, second):
    """Dice of the brain masks, and the correlation inside their union."""
    a, b = tissue(first), tissue(second)
    return 2 * (a & b).sum() / (a.sum() + b.sum()), np.corrcoef(first[a | b], second[a | b])[0, 1]


def compare(root, names):
    rows, volumes = [], []
    for name in names:
        native, mni = root / "native", root / "mni2mm"
        start = time.process_time()
        done = register(
            name,
            str(native / f"{name}_T1w.nii.gz"),
            str(native / f"{name}_dseg.nii.gz"),
            None,
            SHAPE,
            SETTINGS,
            ANTSPY_SPACE,
            42,
        )
        seconds = time.process_time() - start
        path = mni / f"{name}_space-MNI152NLin6Asym_desc-brain_T1w.nii.gz"
        theirs, grid, _ = downsample_file(path, SHAPE)
        assert grid.matches(done.grid), path
        dice, r = agreement(done.volume, theirs)
        volumes.append((done.volume, theirs))
        rows.append(
            {"participant_id": name, "dice": dice, "r": r, "cpu_s": seconds}
            | {key: done.origin[key] for key in ("TemplateDice", "TemplateCoverage")}
        )
    others = [agreement(volumes[k][0], volumes[k - 1][1]) for k in range(len(volumes))]
    return pd.DataFrame(rows), pd.DataFrame(others, columns=["dice", "r"])


def hcp_size():
    """CPU seconds and peak memory of warping one image of HCP size."""
    sources = Grid((260, 311, 260), radiological(0.7, (90.65, -126.35, -72.35)))
    field = Grid((91, 109, 91), radiological(2, (90, -126, -72)))
    data = np.random.default_rng(0).random(sources.shape[::-1], dtype=np.float32).T
    vectors = np.zeros((3, *field.shape), np.float32)
    stages = (
        Affine(fsl_from_world(field)),
        DisplacementField(fsl_from_voxels(field), vectors),
        Affine(np.linalg.inv(fsl_from_world(sources))),
    )
    start = time.process_time()
    resample(data, sources, Transform("FSL warp field", stages), PAPER_SHAPE)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"HCP size: {time.process_time() - start:.1f} CPU s, peak {peak:.0f} MB")


def radiological(step, origin):
    affine = np.diag([-step, step, step, 1.0])
    affine[:3, 3] = origin
    return affine


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, nargs="?", help="IXI; without it one warp of HCP size")
    parser.add_argument("--participants", type=int, default=None)
    arguments = parser.parse_args()
    if arguments.root is None:
        hcp_size()
        parser.exit()
    table = pd.read_csv(arguments.root / "participants.tsv", sep="\t")
    registered, others = compare(arguments.root, table["participant_id"][: arguments.participants])
    quantiles = [0, 0.05, 0.5, 1]
    print(registered.drop(columns="participant_id").quantile(quantiles).round(4).to_string())
    print("lowest:", registered.nsmallest(3, "r").to_string(index=False))
    print("\nwith the next participant's brain instead:")
    print(others.quantile(quantiles).round(4).to_string())
