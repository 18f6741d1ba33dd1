"""Growth of each job's memory with participants, each step in a separate process.

    OMP_NUM_THREADS=1 python benchmarks/memory.py --participants 1500 3000

The volumes are noise on the smallest grid that the network accepts, and the network has two
channels, so only the number of participants differs. Prints the peak memory of the process (MB) by
step, and by how many bytes it grows per byte of an additional participant's volume: 1 would mean
that all are in memory. Steps that process a part of the cohort at a time grow until that part is
full, on this grid at about 1300 participants (`src/voxplain/run/chunk_sizes.py`).
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from contenders import in_new_process, peak

from voxplain.image.stack import Stack
from voxplain.run.files import write_array, write_rows

SHAPE = (22, 26, 22)
VOLUME_BYTES = 4 * np.prod(SHAPE)
BRAIN = np.ones(SHAPE, bool)


def noise(n: int) -> "np.ndarray":
    rng = np.random.default_rng(0)
    return (rng.random(SHAPE, np.float32) + 0.1 for _ in range(n))


def network():
    import torch

    from voxplain.network.cnn import CNN3D

    torch.manual_seed(0)  # weights of a temporary network
    return CNN3D(SHAPE, (2, 2, 2), 0.5).eval()


def stack(folder: Path, labels: np.ndarray) -> None:
    from voxplain.cohort.quality import brain_mask
    from voxplain.image.intensity import normalised
    from voxplain.image.stack import mean_volume

    raw = Stack(folder / "volumes.npy")
    brain_mask(raw)
    mean_volume(raw)
    write_rows(folder / "stack.npy", raw.shape, raw.dtype, normalised(raw, "brain_mean"))


def train(folder: Path, labels: np.ndarray) -> None:
    from voxplain.network.checkpoints import Checkpoint
    from voxplain.network.training import TrainingSettings, train

    images, kept = Stack(folder / "volumes.npy"), Checkpoint(folder / "checkpoint.pt", "memory")
    settings = TrainingSettings(epochs=1, batch_size=16)
    device = next(network().parameters()).device
    held_out = images.take(slice(0, len(images), 10)), labels[::10]
    train(network, images, labels, settings, 0, device, held_out, kept)


def explain(method: str, folder: Path, labels: np.ndarray) -> None:
    from voxplain.attribution import METHODS
    from voxplain.attribution.cohorts import explain_parts, write_maps

    images = Stack(folder / "volumes.npy")
    quick = {"iterations": 1, "draws": 1, "jitter": 2, "mask_scale": 2}
    settings = quick if method == "meaningful_perturbation" else {}
    results = explain_parts(METHODS[method], network(), images, labels, settings)
    write_maps(results, {folder / "made.npy": len(images)}, images)


def masked_accuracy(folder: Path, labels: np.ndarray) -> None:
    from voxplain.evaluation.trust.masked_accuracy import masked_accuracy

    masks = {"conjoined": np.full(SHAPE, 0.5, np.float32)}
    images = Stack(folder / "volumes.npy")
    masked_accuracy(network(), images, labels, masks, BRAIN, 1, 0)


def group_difference(folder: Path, labels: np.ndarray) -> None:
    from voxplain.attribution.controls import group_difference

    group_difference(Stack(folder / "volumes.npy"), labels)


def first_layer(folder: Path, labels: np.ndarray) -> None:
    from voxplain.evaluation.maps.first_layer import first_layer_features, first_layer_scale

    model, images = network(), Stack(folder / "volumes.npy")
    first_layer_features(model, images, first_layer_scale(model, images))


def group_maps(folder: Path, labels: np.ndarray) -> None:
    from voxplain.evaluation.maps.group_maps import class_means

    class_means(Stack(folder / "volumes.npy"), labels, True)


def map_properties(folder: Path, labels: np.ndarray) -> None:
    from voxplain.evaluation.maps import properties

    maps = Stack(folder / "volumes.npy")
    fold = properties.fold_properties(maps, maps[0], BRAIN)
    blocks = properties.unit_blocks(maps, fold.peaks, BRAIN, 99)
    permuted = np.random.default_rng(0).permuted(np.tile(labels, (99, 1)), axis=1)
    properties.class_difference(blocks, labels, permuted)


def agreement(folder: Path, labels: np.ndarray) -> None:
    from voxplain.evaluation.maps.agreement import fold_agreement

    maps = {name: Stack(folder / "volumes.npy") for name in ("a", "b")}
    fold_agreement(maps, BRAIN, {"a": 2.0, "b": 2.0}, (0.1,), [0, 0])


def gram_matrix(folder: Path, labels: np.ndarray) -> None:
    from voxplain.baselines.voxel_svm import gram_matrix

    gram, sums = gram_matrix(Stack(folder / "volumes.npy"))
    write_array(folder / "gram.npy", gram)
    write_array(folder / "sums.npy", sums)


def voxel_svm(folder: Path, labels: np.ndarray) -> None:
    from voxplain.baselines.voxel_svm import fit_predict

    gram, sums = np.load(folder / "gram.npy"), np.load(folder / "sums.npy")
    rows = np.arange(len(labels))
    train, test = rows[rows % 10 > 0], rows[rows % 10 == 0]
    fit_predict(gram, sums, int(np.prod(SHAPE)), labels, train, test)


STEPS = {
    "stack_volumes": stack,
    "train_cnn": train,
    "explain, Grad-CAM": partial(explain, "grad_cam"),
    "explain, Guided Backpropagation": partial(explain, "guided_backprop"),
    "explain, Meaningful Perturbations": partial(explain, "meaningful_perturbation"),
    "masked_accuracy_fold": masked_accuracy,
    "faithfulness_fold: group difference": group_difference,
    "first_layer": first_layer,
    "group_maps": group_maps,
    "map_properties": map_properties,
    "table3: participants' agreement": agreement,
    "gram_matrix": gram_matrix,
    "voxel_svm": voxel_svm,
}


def peak_of(step: str, folder: str, n: int) -> float:
    """Run one step; return the peak memory of this process, MB."""
    STEPS[step](Path(folder), np.arange(n) % 2)
    return peak()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--participants", type=int, nargs=2, default=[1500, 3000])
    parser.add_argument("--steps", nargs="+", default=[""], help="only names that begin with this")
    options = parser.parse_args()
    sizes = options.participants
    steps = [step for step in STEPS if step.startswith(tuple(options.steps))]
    peaks = {}
    for n in sizes:
        with tempfile.TemporaryDirectory(prefix="memory-") as folder:
            write_rows(Path(folder, "volumes.npy"), (n, *SHAPE), np.float32, noise(n))
            peaks[n] = {step: in_new_process(peak_of, step, folder, n) for step in steps}
            print(n, peaks[n], flush=True)
    table = pd.DataFrame(peaks)
    grown = (table[sizes[1]] - table[sizes[0]]) * 2**20
    table["per_byte"] = (grown / ((sizes[1] - sizes[0]) * VOLUME_BYTES)).round(3)
    print(table.round(1).assign(per_byte=table["per_byte"]).to_string())


if __name__ == "__main__":
    main()
