"""The files that a run reads, and whether they have been replaced."""

from pathlib import Path

import pytest

from voxplain.errors import CohortError, ConfigError
from voxplain.plan import on_disk
from voxplain.plan.inputs import Inputs, held_out_fold
from voxplain.plan.run_plan import RunPlan
from voxplain.run.paths import RunPaths


def inputs(config):
    return Inputs(RunPlan(config), RunPaths("demo"))


@pytest.fixture
def study(of_table, tmp_path):
    """A folder with a table, two images and their masks, and its configuration."""
    (tmp_path / "participants.tsv").write_text("participant_id\tsex\na\tF\nb\tM\n")
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
        for name in "ab":
            (tmp_path / folder / f"{name}.nii.gz").touch()
    return of_table(tmp_path, {"mask": "masks/{participant_id}.nii.gz"})


def test_the_synthetic_cohort_is_read_from_the_runs_own_folder(configured):
    made = inputs(configured())
    assert made.cohort_tables() == [
        Path("results/demo/cohort/source/participants.tsv"),
        Path("results/demo/cohort/source/morphometry.tsv"),
    ]
    assert made.tables_to_record() == made.cohort_tables()
    assert made.fingerprints().tables == made.fingerprints().images == "made here"
    assert made.reference() == []


@pytest.mark.parametrize("morphometry", ["m.tsv", ["m.tsv", "n.tsv"]])
def test_a_users_tables_are_listed_by_kind(of_table, morphometry):
    config = of_table("/data/{mine}", {"morphometry": morphometry})
    files = inputs(config).cohort_files()
    assert files["table"] == [Path("/data/{mine}/participants.tsv")]
    expected = [morphometry] if isinstance(morphometry, str) else morphometry
    assert files["morphometry"] == [Path("/data/{mine}", name) for name in expected]


def test_the_restricted_table_is_read_but_not_recorded(configured):
    hcp = {"restricted": "sub/../r.csv", "morphometry": "r.csv"}
    config = configured(cohort_root="/data", cohort={"layout": "hcp", "hcp": hcp})
    hcp_inputs = inputs(config)
    assert Path("/data/sub/../r.csv") in hcp_inputs.cohort_tables()
    assert hcp_inputs.tables_to_record() == [Path("/data/unrestricted.csv")]


def test_replaced_files_change_their_own_fingerprint(study, tmp_path):
    def changed_by(path):
        before = inputs(study).fingerprints()
        (tmp_path / path).write_text("a longer file")
        after = inputs(study).fingerprints()
        return {key for key in vars(before) if getattr(before, key) != getattr(after, key)}

    assert changed_by("images/a.nii.gz") == {"images"}
    assert changed_by("masks/b.nii.gz") == {"images"}
    assert changed_by("notes.txt") == set()
    assert changed_by("participants.tsv") == {"tables", "images"}  # it names the images


def test_atlases_and_the_reference_are_watched(of_table, tmp_path):
    for name in ("a.nii.gz", "a.tsv", "ref.nii.gz"):
        (tmp_path / name).touch()
    mine = {"name": "mine", "image": f"{tmp_path}/a.nii.gz", "labels": f"{tmp_path}/a.tsv"}
    registration = {"method": "transforms", "reference": "ref.nii.gz", "transform": "{x}.mat"}
    config = of_table(tmp_path, atlases=[mine], registration=registration)
    some = inputs(config)
    assert some.atlas_files("mine") == {"image": mine["image"], "labels": mine["labels"]}
    assert some.reference() == [tmp_path / "ref.nii.gz"]
    before = some.fingerprints()
    (tmp_path / "a.tsv").write_text("longer")
    after = some.fingerprints()
    assert before.atlases["mine"] != after.atlases["mine"]
    assert before.reference == after.reference
    assert set(some.not_looked_at().atlases) == {"mine"}


def test_a_wheel_is_fetched_by_the_run(configured):
    some = inputs(configured())
    assert all(set(some.atlas_files(name)) == {"wheel"} for name in some.plan.atlases)
    assert len(set(some.fingerprints().atlases.values())) == 1


def test_a_participants_fold_is_looked_up(tmp_path):
    folds = tmp_path / "folds.tsv"
    folds.write_text("participant_id\tfold\tclass\nsub-001\t02\tmen\n")
    assert held_out_fold(folds, "sub-001") == "02"
    with pytest.raises(CohortError, match="sub-777 is not in this cohort"):
        held_out_fold(folds, "sub-777")


def test_another_run_is_a_finished_one_of_another_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="--config other_run=demo"):
        on_disk.check_other_run("mine", None)
    with pytest.raises(ConfigError, match="'theirs' is not another finished run"):
        on_disk.check_other_run("mine", "theirs")
    mine, theirs = RunPaths("mine"), RunPaths("theirs")
    Path(theirs.root).mkdir(parents=True)
    Path(theirs.provenance).touch()
    Path(theirs.table("accuracy").replace("/tables", "")).touch()
    on_disk.check_other_run("mine", "theirs")
    with pytest.raises(ConfigError, match="'theirs' is not another finished run"):
        on_disk.check_other_run("theirs", "theirs")
    files = [f"{mine.root}/accuracy.tsv", mine.table("table1")]
    assert on_disk.in_both_runs(files, mine, theirs) == files[:1]
    for fold in ("02", "01", "all"):
        model = Path(theirs.cnn_model.format(fold=fold))
        model.parent.mkdir(parents=True)
        model.touch()
    assert on_disk.fold_models(theirs) == [
        theirs.cnn_model.format(fold=fold) for fold in ("01", "02")
    ]


def test_a_figure_has_its_caption_once_the_page_has_written_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths, none = RunPaths("mine"), Path("uncaptioned.rst")
    assert on_disk.caption(paths, "fig1", none) == none
    caption = tmp_path / paths.caption("fig1")
    caption.parent.mkdir(parents=True)
    caption.touch()
    assert on_disk.caption(paths, "fig1", none) == caption
