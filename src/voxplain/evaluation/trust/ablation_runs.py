"""Maps of Meaningful Perturbations under other settings, and what they are judged by."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import roc_auc_score

from voxplain import paper
from voxplain.attribution.perturbation_settings import PerturbationSettings
from voxplain.attribution.result import AttributionResult
from voxplain.evaluation.maps.overlap import top_fraction
from voxplain.evaluation.trust.deletion_insertion import target_probabilities

SPATIAL = ("sigma_0", "sigma_m", "mask_scale", "jitter")  # in voxels, which are the paper's own
_WHOLE = ("mask_scale", "jitter")


def paper_settings(shape: tuple[int, int, int]) -> dict[str, float]:
    """Return the paper's settings, lengths in voxels of a grid of this shape.

    The paper counts in voxels of its own grid. Lengths keep their share of the brain: they are
    multiplied by the ratio of the two grids' first axes and rounded where only whole numbers do.
    """
    ratio = shape[0] / paper.SHAPE[0]
    own = {name: value for name, value in vars(PerturbationSettings()).items() if name != "seed"}
    for name in SPATIAL:
        scaled = own[name] * ratio
        own[name] = max(1, round(scaled)) if name in _WHOLE else round(scaled, 2)
    return own


def knob_values(listed: Sequence[float], own: float, papers: float) -> list[float]:
    """Return the values to try, ascending: those listed, the run's own and the paper's."""
    return sorted({*listed, own, papers})


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
    for k, (image, one) in enumerate(zip(images, maps, strict=True)):
        highest = top_fraction(one, brain_mask, fraction)
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
            row["auc"] = roc_auc_score(truth[brain_mask], one[brain_mask])
        rows.append(row)
    return pd.DataFrame(rows)
