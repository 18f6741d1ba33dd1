"""Quality control: what a person should check before trusting an image."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from voxplain.errors import ImageError
from voxplain.image.masked import BRAIN_ML, ImageStatistics, tissue

OUTLIER_Z = 3.5  # Iglewicz and Hoaglin's cut-off for scores from median and MAD
LEAST_AT_SITE = 10  # participants, for a median and a MAD of their own
_LEAST_SPREAD = 0.01  # of logs: images that agree to a percent are alike
_MOST_FOREGROUND = 0.9  # of the field of view; a brain fills about half of the tightest box
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
        From `voxplain.image.downsample.downsample_file`.

    Raises
    ------
    ImageError
        The image is constant, or no voxel of it or of the volume is above zero: there is no brain.
    """
    stats.check_brain(participant_id)
    bright = coarse[coarse > 0]
    if not bright.size:
        raise ImageError(
            f"{participant_id}: no mean over a voxel of the run's grid is above zero, so the image "
            "shows no brain; repair it, or drop the participant with cohort.exclude"
        )
    field_of_view = np.prod(stats.shape) * np.prod(stats.voxel_sizes) / 1000
    return {
        "participant_id": participant_id,
        "shape": "x".join(map(str, stats.shape)),
        "orientation": stats.orientation,
        "voxel_sizes_mm": "x".join(f"{size:.4g}" for size in stats.voxel_sizes),
        "minimum": stats.minimum,
        "maximum": stats.maximum,
        "foreground_ml": stats.foreground_ml,
        "foreground_share": stats.foreground_ml / field_of_view,
        "foreground_mean": float(bright.mean(dtype=np.float64)),
    }


def brain_mask(volumes: Sequence[np.ndarray]) -> np.ndarray:
    """Voxels in which at least half of the participants have tissue.

    Parameters
    ----------
    volumes : (n, X, Y, Z) array or voxplain.image.stack.Stack
        Brain-extracted volumes; one is looked at at a time.

    Returns
    -------
    mask : (X, Y, Z) bool array
        See `voxplain.image.masked.tissue`.
    """
    votes = sum(tissue(volume).astype(np.int64) for volume in volumes)
    return np.asarray(2 * votes >= len(volumes))


def finish(
    rows: Sequence[dict[str, Any]],
    volumes: Sequence[np.ndarray],
    brain_mask: np.ndarray,
    sites: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Compare every participant with the others.

    Parameters
    ----------
    rows : sequence of dict
        From `quality_row`, in the order of `volumes`.
    volumes : (n, X, Y, Z) array or voxplain.image.stack.Stack
        The cohort; one volume is looked at at a time.
    brain_mask : (X, Y, Z) bool array
        Voxels to compare.
    sites : sequence of str, optional
        Site of each participant. Scanners differ in brightness and contrast, so whoever's site has
        `LEAST_AT_SITE` participants is compared with those.

    Returns
    -------
    table : DataFrame
        The rows with ``site``; ``correlation`` (Pearson's r inside the mask with the mean of all
        other participants); its ``robust_z`` (of its Fisher transform, from median and MAD), and
        those of the logs of ``foreground_ml`` and ``foreground_mean`` (``volume_z``,
        ``brightness_z``); ``reason``, why a person should look, blank for most; ``outlier``,
        whether there is one.
    """
    total = sum(volume[brain_mask].astype(np.float64) for volume in volumes)
    inside = (volume[brain_mask].astype(np.float64) for volume in volumes)
    correlation = np.array([_pearson(values, total - values) for values in inside])
    fisher = np.arctanh(np.clip(correlation, -1 + 1e-12, 1 - 1e-12))
    table = pd.DataFrame(rows)
    table["site"] = pd.array([None] * len(table) if sites is None else sites, dtype="string")
    table["correlation"] = correlation
    peers = _peers(table["site"])
    table["robust_z"] = _robust_z(fisher, peers, 1e-12)
    for name, column in (("volume_z", "foreground_ml"), ("brightness_z", "foreground_mean")):
        table[name] = _robust_z(np.log(table[column].clip(1e-6)), peers, _LEAST_SPREAD)
    table["reason"] = [_reason(row) for row in table.itertuples()]
    return table.assign(outlier=table["reason"] != "")


def by_severity(table: pd.DataFrame) -> pd.DataFrame:
    """Sort a finished table: outliers first, then by how little they resemble the others."""
    return table.fillna({"reason": ""}).sort_values(
        ["outlier", "correlation"], ascending=[False, True], ignore_index=True
    )


def _peers(sites: pd.Series) -> np.ndarray:
    """Return the group each participant is compared with: the site, or all if it is small."""
    large = sites.map(sites.value_counts()).fillna(0) >= LEAST_AT_SITE
    return np.asarray(sites.where(large).fillna(""), dtype=object)


def _robust_z(values: np.ndarray, peers: np.ndarray, least_spread: float) -> np.ndarray:
    """Deviation from the median of the peers in their scaled MADs; "" stands for everybody."""
    values = np.asarray(values, np.float64)
    z = np.empty(len(values))
    for group in np.unique(peers):
        rows = peers == group
        among = values if group == "" else values[rows]
        centre = np.median(among)
        spread = _MAD_TO_SD * np.median(np.abs(among - centre))
        z[rows] = (values[rows] - centre) / max(spread, least_spread)
    return z


def _reason(row: Any) -> str:
    """Say in words what is unusual about a participant, or nothing."""
    reasons = []
    if row.robust_z < -OUTLIER_Z:
        reasons.append(f"unlike the others (r = {row.correlation:.2f}, z = {row.robust_z:.1f})")
    if abs(row.volume_z) > OUTLIER_Z:
        what = "small" if row.volume_z < 0 else "large"
        reasons.append(f"{what} brain ({row.foreground_ml:.0f} ml, z = {row.volume_z:+.1f})")
    if abs(row.brightness_z) > OUTLIER_Z:
        what = "dark" if row.brightness_z < 0 else "bright"
        reasons.append(f"{what} (mean {row.foreground_mean:.3g}, z = {row.brightness_z:+.1f})")
    if row.foreground_share > _MOST_FOREGROUND:
        reasons.append("hardly any background is zero: is it brain-extracted?")
    elif row.foreground_ml > BRAIN_ML[1]:
        reasons.append(f"more than a brain ({row.foreground_ml:.0f} ml): is it a whole head?")
    if row.minimum < 0:
        reasons.append(f"negative values (down to {row.minimum:.3g})")
    return "; ".join(reasons)


def _pearson(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation; 0 where one side is constant, as an empty image is like nobody's."""
    a, b = a - a.mean(), b - b.mean()
    norm = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / norm) if norm > 0 else 0.0
