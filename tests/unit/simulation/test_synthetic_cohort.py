import numpy as np
import pandas as pd
import pytest

from voxplain.cohort import layouts as cohort
from voxplain.cohort.checks import Requirements
from voxplain.cohort.morphometry import hcp_columns
from voxplain.errors import CohortError
from voxplain.image import nifti
from voxplain.image.grid import Grid
from voxplain.run.files import write_table
from voxplain.simulation import embedded_cohort
from voxplain.simulation.segmentation import segment
from voxplain.simulation.templates import Templates

SETTINGS = {
    "n_subjects": 24,
    "voxel_size_mm": 4,
    "effect_size": 2.0,
    "null_cohort": False,
    "signal_sd": 0.1,
    "deformation_mm": 1.5,
    "head_size_sd": 0.08,
    "head_size_effect": 0.0,
    "bias_sd": 0.04,
    "contrast_sd": 0.02,
    "noise_sd": 0.02,
    "family_fraction": 0.5,
    "regions": [
        {"name": "frontal", "atlas": "brainnetome", "tissue": "grey", "direction": 1},
        {"name": "callosum", "atlas": "mori", "tissue": "white", "direction": -1},
    ],
}
MORI = [
    "Corpus Callosum",
    "Corpus Callosum (Genu)",
    "Corpus Callosum (Body)",
    "Pons",
    "Red-Nucleus",
    "Cerebellum",
    "Middle Cerebellar Peduncle",
]


def toy_templates():
    """A ball: grey shell, white core, on an RAS grid around the origin."""
    shape, edge = (40, 46, 38), 4.0
    affine = np.diag([edge, edge, edge, 1])
    affine[:3, 3] = -edge * (np.array(shape) - 1) / 2
    grid = Grid(shape, affine)
    radius = np.linalg.norm(grid.world(np.moveaxis(np.indices(shape), 0, -1)), axis=-1)
    brain = (radius < 62).astype(np.float32)
    grey = ((radius > 40) * 0.9).astype(np.float32) * brain
    white = ((radius <= 40) * 0.95).astype(np.float32) * brain
    return Templates(0.65 * grey / 0.9 + white / 0.95, grey, white, brain, grid)


def toy_atlases(templates):
    """Label the ball's voxels at random, each side with its names; the lowest grey is Mori's."""
    rng = np.random.default_rng(0)
    x, _, z = np.indices(templates.grid.shape)
    left = x < templates.grid.shape[0] / 2
    gyri = (
        "SFG MFG IFG OrG PrG PCL STG MTG ITG FuG PhG pSTS SPL IPL Pcun PoG INS CG Cun OcG sOcG "
        "Amyg Hipp Str Tha"
    )
    names = [f"{gyrus}_{{}}_7_{part}" for gyrus in sorted(gyri.split()) for part in range(1, 8)]
    brain = templates.brain > 0
    cortex = brain & (templates.grey > 0) & (z > 8)
    atlases = {}
    for atlas, stems, where in (
        ("brainnetome", names, cortex),
        ("mori", [f"{{}} {name}" for name in MORI], brain),
    ):
        sides = ("L", "R") if atlas == "brainnetome" else ("Left", "Right")
        table = {
            2 * i + 1 + j: stem.format(sides[j]) for i, stem in enumerate(stems) for j in (0, 1)
        }
        values = 2 * rng.integers(0, len(stems), templates.grid.shape) + np.where(left, 1, 2)
        atlases[atlas] = (np.where(where, values, 0), table)
    return atlases


@pytest.fixture(scope="module")
def model():
    templates = toy_templates()
    x = np.indices(templates.grid.shape)[1]
    masks = [(x > 30) & (templates.grey > 0), (x < 20) & (templates.white > 0)]
    weights = embedded_cohort.region_weights(masks, templates, SETTINGS)
    atlases = toy_atlases(templates)
    segmentation = segment(
        atlases, templates.grid, templates.grey, templates.white, templates.brain
    )
    return templates, weights, segmentation


def make(model, row, seed=3, **changes):
    templates, weights, segmentation = model
    return embedded_cohort.make_participant(
        row, templates, weights, SETTINGS | changes, seed, segmentation
    )


def row(number=1, label=1, family=pd.NA):
    return {
        "participant_id": f"sub-{number:03}",
        "label": label,
        "class_name": "b",
        "family_id": family,
        "age": 30.0,
    }


def test_plan_is_balanced_and_repeatable():
    plan = embedded_cohort.plan(SETTINGS | {"n_subjects": 25}, 1, ("a", "b"))
    pd.testing.assert_frame_equal(
        plan, embedded_cohort.plan(SETTINGS | {"n_subjects": 25}, 1, ("a", "b"))
    )
    assert plan["label"].sum() == 12
    assert plan["participant_id"].tolist()[::24] == ["sub-001", "sub-025"]
    assert plan["family_id"].value_counts().tolist() == [2] * 6
    assert set(plan["class_name"]) == {"a", "b"}
    assert plan["age"].between(22, 37).all()
    assert not embedded_cohort.plan(SETTINGS, 2)["label"].equals(
        embedded_cohort.plan(SETTINGS, 1)["label"]
    )


def test_the_same_image_whatever_the_order(model):
    rows = embedded_cohort.plan(SETTINGS, 3).head(3).to_dict("records")
    forward = [make(model, row)[0] for row in rows]
    backward = [make(model, row)[0] for row in rows[::-1]][::-1]
    for a, b in zip(forward, backward, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (forward[0] != forward[1]).any()
    assert (make(model, rows[0], seed=4)[0] != forward[0]).any()


def test_image_is_brain_extracted_in_realistic_units(model):
    t1, grid, _, tiv = make(model, row())
    assert t1.dtype == np.int16
    assert grid == model[0].grid
    assert tiv == pytest.approx(np.count_nonzero(t1) * 64 / 1000, rel=0.01)
    assert t1[0].max() == t1[:, :, -1].max() == 0
    assert 600 < t1[t1 > 0].mean() < 1100


def test_smooth_basis_has_unit_variance_everywhere():
    basis = embedded_cohort.smooth_basis(60, 3.0, 20.0)
    np.testing.assert_allclose(np.linalg.norm(basis, axis=1), 1, atol=1e-6)
    neighbours = (basis[:-1] * basis[1:]).sum(axis=1)  # exp(-d²/4s²) for Gaussian kernels
    np.testing.assert_allclose(neighbours, np.exp(-(3.0**2) / (4 * 20.0**2)), atol=2e-3)


def test_planted_effect_is_cohens_d(model):
    """Paired: the same participant in either class differs by the stated amount, and only there."""
    weights = model[1]
    still = {"deformation_mm": 0.0, "head_size_sd": 0.0, "noise_sd": 0.0, "bias_sd": 0.0}
    positive, negative = (
        make(model, row(label=label), **still)[0].astype(float) for label in (1, 0)
    )
    truth = embedded_cohort.truth(weights, SETTINGS)
    untouched = (weights.max(axis=0) < 1e-3) & (positive > 0)
    # Values are rounded to whole numbers, which a tiny weight may tip over.
    np.testing.assert_allclose(positive[untouched], negative[untouched], atol=1)
    samples = [
        [make(model, row(number, 0), **still)[0][truth == k].mean() for number in range(1, 41)]
        for k in (1, 2)
    ]
    # contrast_sd adds a little variance of its own, hence the width
    for k, direction in ((1, 1), (2, -1)):
        difference = (positive - negative)[truth == k].mean()
        d = difference / np.std(samples[k - 1], ddof=1)
        assert np.sign(d) == direction
        assert 1.2 < abs(d) < 2.6


def test_null_plants_nothing(model):
    positive, negative = (make(model, row(label=label), null_cohort=True)[0] for label in (1, 0))
    np.testing.assert_array_equal(positive, negative)  # the label is not used
    assert not embedded_cohort.truth(model[1], SETTINGS | {"null_cohort": True}).any()


def test_head_size(model):
    sizes = [make(model, row(i), deformation_mm=0.0)[3] for i in range(1, 31)]
    assert 0.05 < np.std(np.log(sizes)) < 0.12
    bigger, smaller = (make(model, row(label=y), head_size_effect=2.0)[3] for y in (1, 0))
    assert np.log(bigger / smaller) == pytest.approx(2 * 0.08, abs=0.02)


def test_siblings_share_part_of_their_shape(model):
    def shape(number, family):
        changes = {"head_size_sd": 0.0, "deformation_mm": 4.0}
        return make(model, row(number, 0, family), **changes)[0] > 0

    def distance(first, second):
        return np.mean([(shape(i, first) ^ shape(i + 1, second)).sum() for i in range(1, 20, 2)])

    assert distance("fam-001", "fam-001") < 0.85 * distance("fam-001", "fam-002")


def test_morphometry_is_measured_on_the_image(model):
    t1, _, row_, tiv = make(model, row())
    assert list(row_) == ["Subject", "Release", "Gender", "Age", *hcp_columns.columns()]
    assert row_["FS_InterCranial_Vol"] == pytest.approx(tiv * 1000)
    assert row_["Age"] == "26-30"
    for name in ("L_Hippo", "CC_Posterior", "BrainStem"):
        assert row_[f"FS_{name}_Vol"] == pytest.approx(row_[f"FS_{name}_Vox"] * 64)
        low, high = row_[f"FS_{name}_Min"], row_[f"FS_{name}_Max"]
        assert low <= row_[f"FS_{name}_Mean"] <= high
        assert row_[f"FS_{name}_Range"] == pytest.approx(high - low)
        assert low in t1
        assert high in t1
    assert np.isfinite([row_[name] for name in hcp_columns.columns()]).all()
    assert row_["FS_5thVent_Vol"] == 0


def test_stated_loadings_of_drawn_measures(model):
    rows = [make(model, row(i))[2] for i in range(1, 61)]
    table = pd.DataFrame(rows)
    areas = table.filter(regex="_Area$").mean(axis=1)
    assert np.corrcoef(areas, table["FS_InterCranial_Vol"])[0, 1] > 0.7
    r = [
        np.corrcoef(table[f"FS_L_{region}_Thck"], table[f"FS_R_{region}_Thck"])[0, 1]
        for region in hcp_columns.REGIONS
    ]
    assert abs(np.mean(r)) < 0.25


def test_atlases_that_lack_structures(model):
    templates = model[0]
    atlases = toy_atlases(templates)
    rest = (templates.grid, templates.grey, templates.white, templates.brain)
    with pytest.raises(CohortError, match="needs the atlas 'mori'"):
        segment({"brainnetome": atlases["brainnetome"]}, *rest)
    array, names = atlases["brainnetome"]
    without = {value: name for value, name in names.items() if not name.startswith("INS_L")}
    with pytest.raises(CohortError, match="no voxels for L_Insula"):
        segment(atlases | {"brainnetome": (array, without)}, *rest)


def test_written_cohort_reads_back_as_a_table(model, tmp_path):
    plan = embedded_cohort.plan(SETTINGS | {"n_subjects": 6}, 3, ("a", "b"))
    rows = []
    for i, person in enumerate(plan.to_dict("records")):
        t1, grid, measures, tiv = make(model, person)
        plan.loc[i, "image"] = f"{person['participant_id']}_T1w.nii.gz"
        plan.loc[i, "tiv"] = tiv
        nifti.write_volume(tmp_path / plan["image"][i], t1, grid)
        rows.append(measures)
    write_table(tmp_path / "participants.tsv", plan)
    write_table(tmp_path / "morphometry.tsv", pd.DataFrame(rows))
    classes = {"negative": "a", "positive": "b"}
    required = Requirements(classes, n_splits=3)
    table = cohort.read_cohort("synthetic", tmp_path, SETTINGS, required).participants
    assert table["label"].tolist() == plan["label"].tolist()
    assert table["class_name"].tolist() == plan["class_name"].tolist()
    assert table["tiv"].between(500, 2000).all()


def test_real_templates():
    templates = Templates.load(8)
    assert templates.grid.orientation == "RAS"
    volume = templates.brain.sum() * 8**3 / 1000
    assert 1700 < volume < 2000  # ml; MNI152's brain with its CSF
    assert np.average(templates.t1, weights=templates.white) == pytest.approx(1, abs=0.01)
    assert templates.grey[templates.brain == 0].max() == 0


def test_age_bands():
    bands = [embedded_cohort.age_band(age) for age in (22.0, 25.9, 26.0, 30.9, 35.9, 36.0)]
    assert bands == ["22-25", "22-25", "26-30", "26-30", "31-35", "36+"]
