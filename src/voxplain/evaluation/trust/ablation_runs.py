"""Maps of Meaningful Perturbations under other settings, and their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score

from voxplain import paper
from voxplain.attribution.perturbation_settings import PerturbationSettings
from voxplain.attribution.result import AttributionResult
from voxplain.evaluation.maps.overlap import top_fraction
from voxplain.evaluation.trust.ablation import PAPER
from voxplain.evaluation.trust.deletion_insertion import target_probabilities

SPATIAL = ("sigma_0", "sigma_m", "mask_scale", "jitter")  # in voxels of the paper's grid
_WHOLE = ("mask_scale", "jitter")


def paper_settings(shape: tuple[int, int, int]) -> dict[str, float]:
    """Return the paper's settings, lengths in voxels of a grid of this shape.

    The paper counts in voxels of its own grid. Lengths keep their share of the brain: they are
    multiplied by the ratio of the two grids' first axes and rounded where only whole numbers do.
    """
    ratio = shape[0] / paper.SHAPE[0]
    settings = {
        name: value for name, value in vars(PerturbationSettings()).items() if name != "seed"
    }
    for name in SPATIAL:
        scaled = settings[name] * ratio
        settings[name] = max(1, round(scaled)) if name in _WHOLE else round(scaled, 2)
    return settings


@dataclass(frozen=True)
class Trial:
    """Settings to try, which differ from the run's own in one value (or are the paper's).

    Attributes
    ----------
    knob : str
        Name of the setting, or `voxplain.evaluation.trust.ablation.PAPER`.
    value : float or None
        Its value; None for all of the paper's settings at once.
    settings : dict
        All settings.
    is_runs, is_papers : bool
        Whether it is the value of the run, and of the paper.
    """

    knob: str
    value: float | None
    settings: dict[str, Any]
    is_runs: bool
    is_papers: bool

    def labels(self) -> dict[str, Any]:
        """Return the columns that tell the trial's rows apart."""
        return {
            "knob": self.knob,
            "value": self.value,
            "own": self.is_runs,
            "paper": self.is_papers,
        }


def trials(
    knob: str,
    listed: Sequence[float],
    settings: Mapping[str, Any],
    shape: tuple[int, int, int],
) -> list[Trial]:
    """Return what to try for one setting: the listed values, the run's and the paper's, ascending.

    Parameters
    ----------
    knob : str
        The setting, or `voxplain.evaluation.trust.ablation.PAPER` for all of the paper's at once.
    listed : sequence of float
        Values to try.
    settings : mapping
        The run's settings.
    shape : tuple of int
        The run's grid.
    """
    papers = paper_settings(shape)
    if knob == PAPER:
        return [Trial(knob, None, papers, is_runs=False, is_papers=True)]
    return [
        Trial(
            knob, value, {**settings, knob: value}, value == settings[knob], value == papers[knob]
        )
        for value in sorted({*listed, settings[knob], papers[knob]})
    ]


def measure(
    model: torch.nn.Module,
    images: np.ndarray,
    result: AttributionResult,
    brain_mask: np.ndarray,
    blurred: np.ndarray,
    fraction: float,
    truth: np.ndarray | None,
) -> pd.DataFrame:
    """Score the maps of some participants.

    Parameters
    ----------
    model : torch.nn.Module
        The network that was explained.
    images, blurred : numpy.ndarray, shape (n, X, Y, Z)
        The images, and what their highest voxels are replaced by.
    result : AttributionResult
        Of `voxplain.attribution.meaningful_perturbation`.
    brain_mask : numpy.ndarray of bool, shape (X, Y, Z)
    fraction : float
        Share of the brain that is replaced.
    truth : numpy.ndarray of bool, shape (X, Y, Z), or None
        Planted voxels.

    Returns
    -------
    pandas.DataFrame
        One row per participant: participant (row of `images`), area, drop (fall of the target's
        probability under the own mask), converged, fall (that without the highest `fraction`);
        with a truth also auc (in the brain).
    """
    maps = result.maps.cpu().numpy()
    targets = result.targets.cpu().numpy()
    rows = []
    for k, (image, attribution) in enumerate(zip(images, maps, strict=True)):
        highest = top_fraction(attribution, brain_mask, fraction)
        altered = np.where(highest, blurred[k], image)
        intact, left = target_probabilities(model, [image, altered], targets[k])
        row = {
            "participant": k,
            "area": result.details["area"][k],
            "drop": intact - result.details["probability"][k],
            "converged": bool(result.details["converged"][k]),
            "fall": intact - left,
        }
        if truth is not None:
            row["auc"] = roc_auc_score(truth[brain_mask], attribution[brain_mask])
        rows.append(row)
    return pd.DataFrame(rows)
