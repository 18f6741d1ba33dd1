import numpy as np
import pytest

from voxplain.cohort import quality
from voxplain.downsample import ImageStatistics


def cohort(n=12):
    rng = np.random.default_rng(0)
    base = rng.uniform(100, 900, (6, 6, 6))
    volumes = base + rng.normal(0, 30, (n, 6, 6, 6))
    volumes[:, :, :, 0] = 0
    return volumes.astype(np.float32)


def test_mask_is_where_half_have_tissue():
    volumes = np.zeros((4, 5, 5, 5), np.float32)
    volumes[:, 1:4, 1:4, 1:4] = 1000
    volumes[:2, 0, 0, 0] = 51  # above 5 % of the 98th percentile in two of four
    volumes[:2, 0, 0, 1] = 49  # below
    volumes[:1, 0, 0, 2] = 500  # one of four
    mask = quality.brain_mask(volumes)
    assert mask.sum() == 27 + 1
    assert mask[0, 0, 0]


def test_leave_one_out_correlation_and_outlier():
    volumes = cohort()
    volumes[5] = volumes[5, ::-1]
    mask = quality.brain_mask(volumes)
    rows = [{"participant_id": f"sub-{i}"} for i in range(len(volumes))]
    table = quality.finish(rows, volumes, mask)
    for i in (0, 5):
        others = np.delete(volumes, i, axis=0).mean(axis=0)
        expected = np.corrcoef(volumes[i][mask], others[mask])[0, 1]
        assert table["correlation"][i] == pytest.approx(expected, abs=1e-6)
    assert table.loc[table["outlier"], "participant_id"].tolist() == ["sub-5"]


def test_empty_image_is_an_outlier_not_nan():
    volumes = cohort()
    volumes[3] = 0
    mask = quality.brain_mask(volumes)
    table = quality.finish([{"participant_id": i} for i in range(12)], volumes, mask)
    assert table["correlation"][3] == 0
    assert table["outlier"].tolist() == [i == 3 for i in range(12)]


def test_row():
    stats = ImageStatistics(0.0, 9.0, 0, 1.5, (20, 30, 40), "LAS", (0.7, 0.7, 1.0))
    row = quality.quality_row("sub-1", np.array([[[0.0, 2.0, 4.0]]]), stats)
    assert row["foreground_mean"] == 3
    assert row["shape"] == "20x30x40"
    assert row["voxel_sizes_mm"] == "0.7x0.7x1"
    assert row["orientation"] == "LAS"
