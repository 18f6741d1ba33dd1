"""Memory that jobs ask for, in MB; more at each attempt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, prod
from typing import Any, Protocol

from voxplain.plan.costs import NETWORK_RULES, Costs
from voxplain.plan.run_plan import grid_shape

LARGE = 10**6  # participants: no network job takes more memory for more of them


class OfGrid(Protocol):
    """Wildcards of a job on another grid."""

    grid: str


class Sized(Protocol):
    """Input files of a job."""

    size_mb: float


@dataclass(frozen=True)
class Memory:
    """Memory that jobs ask for, in MB; its methods take what Snakemake hands to ``resources``.

    Attributes
    ----------
    config : mapping
        All keys.
    """

    config: Mapping[str, Any]

    def of(self, rule: str) -> Callable[[object, int], int]:
        """Return the memory of one job of a rule that computes with the network."""
        needed = ceil(Costs(self.config, LARGE, 0).memory_mb(rule))
        return lambda wildcards, attempt: attempt * needed

    def on_grid(self, wildcards: OfGrid, attempt: int) -> int:
        """Return the memory of training on the grid that a wildcard names.

        Parameters
        ----------
        wildcards : OfGrid
            Of the job.
        attempt : int
            From 1.
        """
        volumes = self.config["volumes"] | {"shape": grid_shape(wildcards.grid)}
        costs = Costs({**self.config, "volumes": volumes}, LARGE, 0)
        return attempt * ceil(costs.memory_mb("train_cnn"))

    def of_study(self, wildcards: object, threads: int, attempt: int) -> int:
        """Return the memory of a whole study in one job: one of its largest jobs on each core.

        Parameters
        ----------
        wildcards : object
            Not used.
        threads : int
            Cores of the job.
        attempt : int
            From 1.
        """
        costs = Costs(self.config, LARGE, 0)
        return attempt * threads * ceil(max(map(costs.memory_mb, NETWORK_RULES)))

    def of_fits(self, wildcards: object, input: Sized, attempt: int) -> int:
        """Return the memory of a job that fits on the Gram matrix: each takes four times its size.

        Parameters
        ----------
        wildcards : object
            Not used.
        input : Sized
            Files of the job.
        attempt : int
            From 1.
        """
        return attempt * ceil(500 + 4 * input.size_mb)

    def of_transfer(self, wildcards: object, input: Sized, attempt: int) -> int:
        """Return the memory to apply another run's models: the network, or the SVM on both cohorts.

        Parameters
        ----------
        wildcards : object
            Not used.
        input : Sized
            Files of the job.
        attempt : int
            From 1.
        """
        volume_mb = 4 * prod(self.config["volumes"]["shape"]) / 1e6
        costs = Costs(self.config, ceil(input.size_mb / volume_mb), 0)
        rules = ("external_accuracy", "gram_matrix", "voxel_svm")
        return attempt * ceil(max(map(costs.memory_mb, rules)))
