"""What a run costs in time, memory and disk, from measured figures per unit.

The figures are those of benchmarks/RESULTS.md ("Unit costs for `voxplain check`"), two cores of one
machine or one H100: an estimate is good to a factor of two, enough to tell minutes from days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from voxplain.run.chunk_sizes import EXACT_TO, GRAM_VALUES, LANDMARKS, MAP_VALUES, PART_VOXELS

MB = 1e6
PAPER = ((58, 70, 58), (32, 64, 128))
DEMO = ((30, 36, 30), (8, 16, 32))
# Milliseconds per image on one CPU core at the two sizes: forward and backward through the network;
# one jitter of one iteration of Meaningful Perturbations.
PASS_MS = (150.2, 4.08)
DRAW_MS = (98.8, 5.3)
GPU_PASS_MS = 2.1  # at the paper's size; a draw costs the same
FORWARD = 0.55  # of a pass
INFLATE_MS_PER_MVOXEL = 5.1
NETWORK_JOB_S = 4.7  # imports, reading and writing of a job that loads torch
OTHER_JOB_S = 2.0
# Seconds of whole rules of the demo beyond start-up, and the passes that explain them.
MASKED_PASSES = 0.74  # per participant and mask, with drawing the random masks
ORDER_PASSES = 27  # per order of faithfulness: a deletion and an insertion curve
SURROGATE_US_PER_VOXEL = 0.2  # per random map
TABULAR_MS = 4.0  # per participant, fold and candidate of a grid
PREPARE_S, PREPARE_S_PER_MVOXEL = 25.0, 4.0  # per head, of which brain extraction 6 s
PREPARE_MB = 2500
SYNTHETIC_MS = 210  # per participant at 3 mm
BASE_MB = 450  # a job with torch and nothing else
PASS_MB = 350  # one pass through the network with its gradients, of bounded size


def operations(shape: tuple[int, ...], channels: tuple[int, ...]) -> float:
    """Return the multiplications of one forward pass of the paper's network, in millions.

    Parameters
    ----------
    shape : tuple of int
        Of an image, voxels.
    channels : tuple of int
        Features of each block.
    """
    size, before, total = list(shape), 1, 0.0
    for after in channels:
        size = [edge - 2 for edge in size]
        total += prod(size) * before * after * 27
        size, before = [edge // 2 for edge in size], after
    return total / 1e6


def activations_mb(shape: tuple[int, ...], channels: tuple[int, ...]) -> float:
    """Return the memory of one image's features in training: convolution, norm, pool, gradients.

    Parameters
    ----------
    shape : tuple of int
        Of an image, voxels.
    channels : tuple of int
        Features of each block.

    Returns
    -------
    float
        MB.
    """
    size, total = list(shape), 0.0
    for n_features in channels:
        size = [edge - 2 for edge in size]
        total += 4 * prod(size) * n_features * 3
        size = [edge // 2 for edge in size]
    return total / MB


def _between(
    measured: tuple[float, float], shape: tuple[int, ...], channels: tuple[int, ...]
) -> float:
    """Interpolate: the cost per voxel and per multiplication that explains both measured sizes."""
    (v1, f1), (v2, f2), (v, f) = (
        (prod(s) / 1e6, operations(s, c)) for s, c in (PAPER, DEMO, (shape, channels))
    )
    t1, t2 = measured
    per_operation = (t1 * v2 - t2 * v1) / (f1 * v2 - f2 * v1)
    per_voxel = (t1 - per_operation * f1) / v1
    return per_voxel * v + per_operation * f


@dataclass(frozen=True)
class Costs:
    """Estimates for one configuration and cohort.

    Attributes
    ----------
    config : mapping
        All keys.
    n : int
        Participants.
    image_voxels : int
        Of one source image.
    """

    config: Mapping[str, Any]
    n: int
    image_voxels: int

    @property
    def _size(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return tuple(self.config["volumes"]["shape"]), tuple(self.config["cnn"]["channels"])

    def _seconds(self, measured: tuple[float, float]) -> float:
        if self.config["gpu"]:
            share = max(operations(*self._size) / operations(*PAPER), 0.1)
            return GPU_PASS_MS * share / 1000
        return _between(measured, *self._size) / 1000

    @property
    def pass_s(self) -> float:
        """Seconds of one image forward and backward through the network."""
        return self._seconds(PASS_MS)

    def map_s(self, method: str) -> float:
        """Seconds of one map."""
        settings = self.config["attribution"].get(method, {})
        if method == "meaningful_perturbation":
            kinds = settings["jitter"] ** (1 if settings["jitter_axes"] == "common" else 3)
            distinct = kinds * (1 - (1 - 1 / kinds) ** settings["draws"])
            return float(settings["iterations"] * distinct * self._seconds(DRAW_MS))
        if method == "occlusion":
            windows = prod(-(-edge // settings["stride"]) for edge in self._size[0])
            return float(windows * FORWARD * self.pass_s)
        passes = {
            "integrated_gradients": settings.get("steps", 0),
            "smooth_grad": settings.get("samples", 0),
            "grad_cam": 1,
        }
        return float(passes.get(method, 2) * self.pass_s)

    @property
    def maps_per_method(self) -> int:
        """Maps of one method: held-out participants and every fold's training sample."""
        attribution = self.config["attribution"]
        if attribution["model"] == "all":
            return self.n
        per_fold = 2 * int(attribution["training_sample"])
        return self.n + per_fold * int(self.config["folds"]["n_splits"])

    def work_s(self, rule: str) -> float:
        """Seconds of all jobs of a rule beyond their start-up; 0 where start-up is all of it."""
        config, n, cnn = self.config, self.n, self.config["cnn"]
        evaluation, methods = config["evaluation"], config["attribution"]["methods"]
        k, voxels = config["folds"]["n_splits"], prod(self._size[0])
        masks = len(methods) * 3 * (evaluation["random_masks"] + 2)
        robustness, faithful = evaluation["robustness"], evaluation["faithfulness"]
        variants = 6 + robustness["seeds"] + len(robustness["noise"])
        orders = len(methods) * (1 + faithful["random_orders"]) + 3
        draw = evaluation["surrogates"] * voxels * SURROGATE_US_PER_VOXEL / 1e6
        grids = [config["baselines"][name] for name in ("xgboost", "knn", "logistic_regression")]
        candidates = sum(prod(len(values) for values in grid.values()) for grid in grids)
        voxel_size = config["cohort"]["synthetic"]["voxel_size_mm"]
        work = {
            "make_images": n * SYNTHETIC_MS / 1000 * (3 / voxel_size) ** 3,
            "prepare": n * (PREPARE_S + PREPARE_S_PER_MVOXEL * self.image_voxels / 1e6),
            "downsample": n * self.image_voxels / 1e6 * INFLATE_MS_PER_MVOXEL / 1000,
            "train_cnn": cnn["epochs"] * n * self.pass_s * (k + 2 * FORWARD),
            "train_variant": (1 + robustness["seeds"])
            * (cnn["epochs"] * n * (k - 1) / k * self.pass_s),
            "explain": self.maps_per_method * sum(map(self.map_s, methods)),
            "masked_accuracy_fold": n * masks * MASKED_PASSES * self.pass_s,
            "faithfulness_fold": (n + k * faithful["participants"] * orders * ORDER_PASSES)
            * self.pass_s,
            "robustness_method": robustness["participants"]
            * variants
            * sum(map(self.map_s, methods)),
            "first_layer": n * 2 * FORWARD * self.pass_s,
            "tabular_models": n * k * candidates * TABULAR_MS / 1000,
            "regions": len(methods) * draw,
            "table3": (len(methods) - 1) * draw,
            "map_properties": len(methods) * draw,
            "localisation": (len(methods) + 3) * draw,
        }
        return float(work.get(rule, 0.0))

    def seconds(self, rule: str, jobs: int) -> float:
        """Seconds of all jobs of a rule, one after another.

        Parameters
        ----------
        rule : str
            Its name.
        jobs : int
            How many there are.
        """
        return jobs * (NETWORK_JOB_S if rule in NETWORK_RULES else OTHER_JOB_S) + self.work_s(rule)

    def memory_mb(self, rule: str) -> float:
        """Memory of one job of a rule; 0 where it is a few hundred MB whatever the cohort.

        No job holds the cohort (`voxplain.image.stack`), so only the Gram matrix grows with it.
        """
        shape, channels = self._size
        if rule in TRAINING_RULES:
            batch_size = int(self.config["cnn"]["batch_size"])
            return BASE_MB + batch_size * activations_mb(shape, channels)
        if rule == "prepare":
            return PREPARE_MB
        if rule in NETWORK_RULES:
            part = min(self.maps_per_method, max(1, PART_VOXELS // prod(shape)))
            return BASE_MB + 4 * 4 * part * prod(shape) / MB + PASS_MB
        gram = 8 * self.n * (self.n if self.n <= EXACT_TO else LANDMARKS) / MB
        if rule == "gram_matrix":
            return 100 + 2 * gram + 2 * 8 * min(GRAM_VALUES, self.n * prod(shape)) / MB
        if rule == "map_properties":
            rows = max(self.n, int(self.config["evaluation"]["permutations"]))
            return 150 + 5 * 4 * min(MAP_VALUES, rows * prod(shape)) / MB
        if rule in ("voxel_svm", "label_permutations"):
            return 200 + 4 * gram
        return 0.0

    @property
    def volumes_mb(self) -> float:
        """Disk of all volumes on the run's grid."""
        return 4 * prod(self._size[0]) * self.n / MB

    @property
    def roar_disk_mb(self) -> float:
        """Disk that a job of ``snakemake roar`` takes at work: fillings, images, new images."""
        return 3 * self.volumes_mb

    @property
    def disk_mb(self) -> float:
        """Disk of the run's arrays (volumes, maps of methods and controls) and synthetic images."""
        n_maps = (len(self.config["attribution"]["methods"]) + 3) * self.maps_per_method
        maps = 4 * prod(self._size[0]) * n_maps / MB
        images = self.n * self.image_voxels if self.config["cohort"]["layout"] == "synthetic" else 0
        return 2 * self.volumes_mb + maps + images / MB


TRAINING_RULES = frozenset({"train_cnn", "train_variant", "roar_fold"})
NETWORK_RULES = TRAINING_RULES | frozenset(
    {
        "check_network",
        "explain",
        "first_layer",
        "prepare",
        "ablation_knob",
        "external_accuracy",
        "masked_accuracy_fold",
        "faithfulness_fold",
        "robustness_method",
        "truth_point",
    }
)
