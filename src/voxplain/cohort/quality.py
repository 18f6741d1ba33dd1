"""Quality control: what a person would look at before trusting an image."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from voxplain.downsample import ImageStatistics
from voxplain.errors import ImageError

OUTLIER_Z = -3.5  # Iglewicz and Hoaglin's cut-off for scores from median and MAD
_FOREGROUND = 0.05  # of the 98th percentile: above air and rounding, below the darkest tissue
_MAD_TO_SD = 1.4826  # of a normal distribution


def quality_row(participant_id: str, coarse: np.ndarray, stats: ImageStatistics) -> dict[str, Any]:
    """Return one participant's row: what the file is and which values it holds.

    Parameters
    ----------
    participant_id : str
        The participant.
    coarse : (X, Y, Z) array
        The downsampled volume.
    stats : ImageStatistics
        From `voxplain.downsample.downsample_file`.

    Raises
    ------
    ImageError
        The image is constant, or no voxel is above zero: there is no brain in it.
    """
    if stats.maximum <= max(stats.minimum, 0):
        raise ImageError(
            f"{participant_id}: every voxel lies between {stats.minimum:g} and {stats.maximum:g}, "
            "so the image shows no brain; repair it or drop the participant with cohort.exclude"
        )
    bright = coarse[coarse > 0]
    return {
        "participant_id": participant_id,
        "shape": "x".join(map(str, stats.shape)),
        "orientation": stats.orientation,
        "voxel_sizes_mm": "x".join(f"{size:.4g}" for size in stats.voxel_sizes),
        "minimum": stats.minimum,
        "maximum": stats.maximum,
        "n_nonfinite": stats.n_nonfinite,
        "foreground_ml": stats.foreground_ml,
        "foreground_mean": float(bright.mean(dtype=np.float64)) if bright.size else 0.0,
    }


def brain_mask(volumes: np.ndarray) -> np.ndarray:
    """Voxels in which at least half of the participants have tissue.

    Parameters
    ----------
    volumes : (n, X, Y, Z) array
        Brain-extracted volumes; may be memory-mapped, one volume is looked at at a time.

    Returns
    -------
    mask : (X, Y, Z) bool array
        Tissue is what exceeds 5 % of the participant's 98th percentile.
    """
    votes = np.zeros(volumes.shape[1:], np.int64)
    for volume in volumes:
        votes += volume > _FOREGROUND * np.percentile(volume, 98)
    return 2 * votes >= len(volumes)


def finish(
    rows: Sequence[dict[str, Any]], volumes: np.ndarray, brain_mask: np.ndarray
) -> pd.DataFrame:
    """Compare every participant with the others.

    Parameters
    ----------
    rows : sequence of dict
        From `quality_row`, in the order of `volumes`.
    volumes : (n, X, Y, Z) array
        The cohort.
    brain_mask : (X, Y, Z) bool array
        Voxels to compare.

    Returns
    -------
    table : DataFrame
        The rows with ``correlation`` (Pearson's r inside the mask with the mean of all other
        participants), ``robust_z`` (of its Fisher transform, from median and MAD) and ``outlier``.
    """
    inside = np.stack([np.asarray(volume)[brain_mask] for volume in volumes]).astype(np.float64)
    others = inside.sum(axis=0) - inside
    correlation = np.array([_pearson(a, b) for a, b in zip(inside, others, strict=True)])
    fisher = np.arctanh(np.clip(correlation, -1 + 1e-12, 1 - 1e-12))
    centre = np.median(fisher)
    spread = _MAD_TO_SD * np.median(np.abs(fisher - centre))
    z = (fisher - centre) / max(spread, 1e-12)
    return pd.DataFrame(rows).assign(correlation=correlation, robust_z=z, outlier=z < OUTLIER_Z)


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation; 0 where one side is constant, as an empty image is like nobody's."""
    a, b = a - a.mean(), b - b.mean()
    norm = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / norm) if norm > 0 else 0.0
