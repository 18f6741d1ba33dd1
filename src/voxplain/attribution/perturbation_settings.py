"""The settings of Meaningful Perturbations: the paper's, and those of its authors' code."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

from voxplain.errors import ConfigError, VoxplainError

_LEAST = {
    "iterations": 1,
    "draws": 1,
    "seed": 0,
    "jitter": 1,
    "mask_scale": 1,
    "beta": 1,
    "sigma_0": 0,
    "sigma_m": 0,
    "box_width": 1,
    "lambda_1": 0,
    "lambda_2": 0,
    "hinge": 0,
    "ramp": 0,
    "decay_every": 0,
}
_WHOLE = ("iterations", "draws", "seed", "jitter", "box_width", "ramp", "decay_every")
_CHOICES = {
    "norm": ("mean", "sum"),
    "jitter_axes": ("common", "independent"),
    "blur": ("gaussian", "box"),
    "amsgrad": (False, True),
    "early_stopping": (False, True),
}


def require_number(name: str, value: Any, error: type[VoxplainError]) -> None:
    """Refuse a value that is not a number, which comparisons would answer with a TypeError.

    Parameters
    ----------
    name : str
        Of the setting, for the message.
    value : object
    error : type of VoxplainError
        What to raise.
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        raise error(f"{name} is {value!r}; give a number")


@dataclass(frozen=True)
class PerturbationSettings:
    """PerturbationSettings of eq. 1 to 3; the defaults are the paper's.

    Parameters
    ----------
    iterations : int
        Adam steps.
    draws : int
        Jitters K per step, over which the probability is averaged.
    seed : int
        Seed of the jitters, which are the same for every image of a call.
    jitter : int
        j: K is uniform on 0 to j - 1 voxels; 1 means no jitter.
    jitter_axes : {"common", "independent"}
        One K for all three axes (eq. 2), or one per axis (the authors' code).
    mask_scale : float
        s: the mask has ``ceil(size / s)`` voxels along each axis.
    blur : {"gaussian", "box"}
        What replaces the image and smooths the mask: Gaussians (the paper), or the mean over
        `box_width` voxels along each axis, which is what the authors' truncated kernel amounts to.
    sigma_0, sigma_m : float
        Standard deviations of the Gaussians that replace the image and smooth the mask, voxels.
    box_width : int
        Odd width of the box, voxels (the authors' code: 5).
    lambda_1, lambda_2 : float
        Weights of the L1 and the total-variation term. Their meaning depends on `norm`.
    beta : float
        Exponent of the total variation, at least 1.
    norm : {"mean", "sum"}
        "mean": both terms are means, as in the authors' code, so that they do not depend on the
        number of voxels. "sum": both are sums, as eq. 3 reads. The probability can fall by at most
        1, so ``lambda_1`` then has to be of the order of 1 over the number of mask voxels: with
        the paper's 3 the best mask replaces nothing and the maps are blank.
    hinge : float
        Probability below which it is not pushed further down (the authors' code: 0.05).
    ramp : int
        Iterations over which both lambdas rise to their full value in the gradient (the authors'
        code: 60; 0: none). Losses are compared at the full value.
    learning_rate : float
        Adam's alpha.
    amsgrad : bool
        Adam's step from the largest second moment so far (the authors' code).
    decay_every : int
        Iterations after each of which the learning rate falls to a tenth (the authors' code: 30;
        0: never).
    early_stopping : bool
        An image whose loss has converged leaves the batch before the last iteration.

    Examples
    --------
    >>> from voxplain import PerturbationSettings
    >>> PerturbationSettings().lambda_1
    3.0
    >>> PerturbationSettings(jitter=4, jitter_axes="independent", draws=100).distinct_draws
    64
    """

    iterations: int = 300
    draws: int = 10
    seed: int = 0
    jitter: int = 5
    jitter_axes: str = "common"
    mask_scale: float = 4
    blur: str = "gaussian"
    sigma_0: float = 10.0
    sigma_m: float = 10.0
    box_width: int = 5
    lambda_1: float = 3.0
    lambda_2: float = 1.0
    beta: float = 7.0
    norm: str = "mean"
    hinge: float = 0.0
    ramp: int = 0
    learning_rate: float = 0.3
    amsgrad: bool = False
    decay_every: int = 0
    early_stopping: bool = False

    def __post_init__(self) -> None:
        for name in (*_LEAST, "learning_rate"):
            require_number(name, getattr(self, name), ConfigError)
        for name, minimum in _LEAST.items():
            if not minimum <= getattr(self, name) < math.inf:
                raise ConfigError(f"{name} is {getattr(self, name)}; give {minimum} or more")
        for name in _WHOLE:
            if getattr(self, name) != int(getattr(self, name)):
                raise ConfigError(f"{name} is {getattr(self, name)}; give a whole number")
            object.__setattr__(self, name, int(getattr(self, name)))  # 3e2 in YAML is a float
        if self.box_width % 2 == 0:
            raise ConfigError(f"box_width is {self.box_width}; give an odd number, to be centred")
        if not 0 < self.learning_rate < math.inf:
            raise ConfigError(f"learning_rate is {self.learning_rate}; give a number above 0")
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(f"{name} is {getattr(self, name)!r}; give one of {allowed}")

    @property
    def window(self) -> int:
        """Iterations in each of the two windows whose mean losses tell convergence.

        A tenth of all, at least five: a shorter window cannot show that the loss has settled.
        """
        return max(5, self.iterations // 10)

    @property
    def shifts(self) -> int:
        """Numbers drawn for one jitter: one for all axes, or one for each."""
        return 1 if self.jitter_axes == "common" else 3

    @property
    def distinct_draws(self) -> int:
        """Number of different jitters that one iteration can draw."""
        jitters: int = self.jitter**self.shifts
        return min(self.draws, jitters)
