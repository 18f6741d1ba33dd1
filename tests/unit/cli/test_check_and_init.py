"""`voxplain init` writes what `voxplain check` accepts; `check` lists everything that is wrong."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from support.places import ROOT
from voxplain.cli import app
from voxplain.plan import jobs
from voxplain.plan.inspection import inspect_inputs
from voxplain.plan.settings import check_config
from voxplain.run import environment
from voxplain.run.config import DEFAULTS, read_config

N = 20


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def said(done):
    return " ".join(done.output.split())


def image(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.ones((4, 5, 6), np.uint8)
    nib.save(nib.Nifti1Image(data, np.diag([2.0, 2, 2, 1])), path)


def table(root, text="participant_id,diagnosis,Age", values=("AD", "CN")):
    root.mkdir()
    lines = [text]
    for k in range(N):
        lines.append(f"s{k:02d},{values[k % 2]},{20 + k}")
        image(root / f"brains/s{k:02d}_T1w.nii.gz")
    (root / "people.csv").write_text("\n".join(lines) + "\n")
    return {"layout": "table", "space": "native", "classes": {"negative": "AD", "positive": "CN"}}


def bids(root):
    lines = ["participant_id\tsex\tage"]
    for k in range(N):
        stem = f"sub-{k:02d}"
        image(root / stem / "anat" / f"{stem}_T1w.nii.gz")
        folder = root / "derivatives/fmriprep" / stem / "anat"
        image(folder / f"{stem}_desc-preproc_T1w.nii.gz")
        image(folder / f"{stem}_space-MNI152NLin6Asym_res-2_desc-preproc_T1w.nii.gz")
        image(folder / f"{stem}_space-MNI152NLin6Asym_res-2_desc-brain_mask.nii.gz")
        lines.append(f"{stem}\t{'FM'[k % 2]}\t{20 + k}")
    (root / "participants.tsv").write_text("\n".join(lines) + "\n")
    described = {"Name": "x", "BIDSVersion": "1.10.0"}
    (root / "dataset_description.json").write_text(json.dumps(described))
    return {
        "layout": "bids",
        "space": "MNI152",
        "classes": {"negative": "women", "positive": "men"},
    }


def hcp(root):
    lines, restricted = ["Subject,Gender,Age,FS_IntraCranial_Vol"], ["Subject,Family_ID"]
    for k in range(N):
        image(root / f"{100200 + k}/T1w/T1w_acpc_dc_restore_brain.nii.gz")
        lines.append(f"{100200 + k},{'FM'[k % 2]},26-30,{1400000 + k}")
        restricted.append(f"{100200 + k},{k // 2}")
    (root / "unrestricted.csv").write_text("\n".join(lines) + "\n")
    (root / "RESTRICTED.csv").write_text("\n".join(restricted) + "\n")
    return {"layout": "hcp", "space": "native", "on_missing": "drop"}


def oasis(root):
    lines = ["ID,M/F,Hand,Age,eTIV"]
    for k in range(N):
        name = f"OAS1_{k:04d}_MR1"
        image(root / name / f"mwrc1{name}_mpr_anon_fslswapdim_bet.nii.gz")
        lines.append(f"{name},{'FM'[k % 2]},R,{20 + k},{1300 + k}")
    (root / "oasis_cross-sectional.csv").write_text("\n".join(lines) + "\n")
    return {"layout": "oasis", "contrast": "grey_matter"}


@pytest.mark.parametrize("build", [table, bids, hcp, oasis], ids=lambda build: build.__name__)
def test_a_folder_becomes_a_configuration_that_reads_it(build, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = build(tmp_path / "my data")
    done = run("init", "my data")
    assert done.exit_code == 0, done.output
    overlay = yaml.safe_load(Path("my_data.yaml").read_text())
    assert overlay["cohort_root"] == str(tmp_path / "my data")
    assert {key: overlay["cohort"][key] for key in expected} == expected
    config = read_config([ROOT / DEFAULTS, "my_data.yaml"])
    check_config(config, ROOT)
    config["volumes"]["shape"] = [4, 5, 6]  # that of these images
    cohort, problems = inspect_inputs(config)
    assert problems == []
    assert (cohort.n, cohort.image_voxels, cohort.dropped) == (N, 120, 0)
    assert list(cohort.counts.values()) == [N // 2, N // 2]
    text = Path("my_data.yaml").read_text()
    assert "# Column of age" in text or build is hcp or build is oasis


def test_the_choice_among_derivatives(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bids(tmp_path / "ds")
    run("init", "ds")
    written = yaml.safe_load(Path("ds.yaml").read_text())["cohort"]["bids"]
    assert written["derivatives"] == "derivatives/fmriprep"
    assert written["entities"] == {"space": "MNI152NLin6Asym", "res": "2", "desc": "preproc"}
    assert written["brain_mask"] is True


def test_images_behind_a_link_are_found_and_segmentations_are_not_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "data")
    (tmp_path / "data/brains").rename(tmp_path / "elsewhere")
    (tmp_path / "data/brains").symlink_to(tmp_path / "elsewhere")
    for k in range(N):
        image(tmp_path / f"elsewhere/s{k:02d}_dseg.nii.gz")
    assert run("init", "data").exit_code == 0
    written = yaml.safe_load(Path("data.yaml").read_text())["cohort"]["table"]
    assert written["image"] == "brains/{participant_id}_T1w.nii.gz"


def test_what_a_person_has_to_look_at_is_said(tmp_path, monkeypatch):
    """Images under other names, codes for classes, head sizes in mm³, and where to run."""
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "data", "participant_id,group,ICV", ("1", "2"))
    people = tmp_path / "data/people.csv"
    people.write_text(people.read_text().replace(",20", ",1450000"))
    for k in (0, 4, 5):
        brain = tmp_path / f"data/brains/s{k:02d}_T1w.nii.gz"
        brain.rename(brain.with_name(f"patient{k}.nii.gz"))
    done = run("init", "data")
    assert done.exit_code == 0, done.output
    for note in (
        "Images like brains/s01_T1w.nii.gz.",
        "3 of 20 are not there: s00_T1w.nii.gz, s04_T1w.nii.gz, s05_T1w.nii.gz.",
        "write what they mean under cohort.classes",
        "'ICV' is not used as head size",
    ):
        assert note in said(done)
    text = Path("data.yaml").read_text()
    assert f"#   cd {ROOT}\n" in text
    assert f"--configfile config.yaml {tmp_path / 'data.yaml'}\n" in text
    assert yaml.safe_load(text)["cohort"]["table"]["tiv"] is None


def test_a_file_that_is_there_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "data")
    Path("data.yaml").write_text("mine\n")
    done = run("init", "data")
    assert done.exit_code == 1
    assert "data.yaml exists already; remove it, or choose another file with --out" in said(done)
    assert Path("data.yaml").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("participant_id,diagnosis,Age", ("AD", "AD"), "has the values AD; two classes"),
        ("id,diagnosis,Age", ("AD", "CN"), "people.csv has Age, diagnosis, id: rename the column"),
        (
            "participant_id;diagnosis",
            ("AD", "CN"),
            "people.csv has participant_id;diagnosis: rename",
        ),
        ("participant_id,x,Age", ("AD", "AD"), "no column of two classes"),
    ],
)
def test_what_cannot_be_read_is_said(text, values, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "data", text, values)
    done = run("init", "data")
    assert done.exit_code == 1
    assert message in said(done)
    assert not Path("data.yaml").exists()


def test_all_problems_are_listed_together(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table(tmp_path / "data")
    run("init", "data")
    (tmp_path / "data/brains/s03_T1w.nii.gz").unlink()
    (tmp_path / "data/brains/s05_T1w.nii.gz").write_bytes(b"")
    Path("more.yaml").write_text(
        "evaluation: {robustness: {fold: '77'}}\n"
        "atlases: [{name: mine, image: none.nii, labels: none.txt}]\n"
    )
    done = run("check", "data.yaml", "more.yaml")
    assert done.exit_code == 1
    atlas = "Atlas mine: there is no file none.nii or none.txt"
    for message in ("no fold '77'", "s03", "s05", atlas):
        assert message in said(done), message
    Path("more.yaml").write_text("cnn: {epoch: 3, dropout: 4}\n")
    done = run("check", "data.yaml", "more.yaml")
    assert done.exit_code == 1
    assert "'epoch' was unexpected" in said(done)
    assert "cnn.dropout: 4" in said(done)


def test_voxels_are_read_if_asked_for(tmp_path, monkeypatch):
    """NaN, infinity and a blank image, of which headers tell nothing."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jobs, "planned_jobs", lambda *_: {})
    table(tmp_path / "data")
    noise = np.random.default_rng(0).uniform(1, 9, (12, 12, 12)).astype(np.float32)
    for path in (tmp_path / "data/brains").iterdir():
        nib.save(nib.Nifti1Image(noise, np.diag([2.0, 2, 2, 1])), path)
    brains = [tmp_path / f"data/brains/s{k:02d}_T1w.nii.gz" for k in (3, 8, 15)]
    for path, value in zip(brains, (np.nan, np.inf, 7), strict=True):
        nib.save(nib.Nifti1Image(np.full_like(noise, value), np.diag([2.0, 2, 2, 1])), path)
    run("init", "data")
    small = {"volumes": {"shape": [11, 11, 11]}, "folds": {"n_splits": 2}}
    small |= {"cnn": {"channels": [2]}, "baselines": {"knn": {"n_neighbors": [3]}}}
    Path("small.yaml").write_text(yaml.safe_dump(small))
    done = run("check", "data.yaml", "small.yaml")
    assert done.exit_code == 0, done.output
    done = run("check", "data.yaml", "small.yaml", "--voxels")
    assert done.exit_code == 1
    assert "3 of 20 images cannot be used" in said(done)
    assert 'cohort.exclude: ["s03", "s08", "s15"]' in said(done)
    content = brains[0].read_bytes()
    brains[0].unlink()
    both = said(run("check", "data.yaml", "small.yaml", "--voxels"))
    assert "3 problems" in both
    assert "s03: " in both
    assert 'cohort.exclude: ["s03", "s08", "s15"]' in both
    assert "1 problem " in said(run("check", "data.yaml", "small.yaml"))
    brains[0].write_bytes(content)
    Path("drop.yaml").write_text("cohort: {on_missing: drop}\n")
    done = run("check", "data.yaml", "small.yaml", "drop.yaml", "--voxels")
    assert "17 participants (9 AD, 8 CN, 3 excluded)" in said(done)


def test_the_plan_is_snakemakes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("check", ROOT / DEFAULTS, "--set", "run=other")
    assert done.exit_code == 0, done.output
    assert "100 participants (50 women, 50 men)" in said(done)
    rows = [line.split()[:2] for line in done.output.splitlines()]
    assert ["train_cnn", "11"] in rows
    assert ["explain", "30"] in rows
    assert not list(tmp_path.glob("results"))


def test_settings_inside_others_belong_into_a_file_as_snakemake_takes_them_for_text(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jobs, "planned_jobs", lambda *_: {"train_cnn": 11})
    form = "cohort={classes: {negative: w}}"  # text; what else the keys have, stays
    assert run("check", ROOT / DEFAULTS, "--set", form).exit_code == 0
    for setting, line in (
        ("cnn.epochs=3", "cnn: {epochs: 3}"),
        ("cohort.synthetic.n_subjects=40", "cohort: {synthetic: {n_subjects: 40}}"),
        ("cnn={epochs: 3}", "cnn: {epochs: 3}"),
        ("cohort={exclude: [7]}", "cohort: {exclude: [7]}"),
    ):
        done = run("check", ROOT / DEFAULTS, "--set", setting)
        assert done.exit_code == 1
        assert f"write '{line}' into a file" in said(done)
        Path("mine.yaml").write_text(line)
        assert "'write" not in said(run("check", ROOT / DEFAULTS, "mine.yaml"))


def test_a_network_of_ones_own_is_not_tried_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jobs, "planned_jobs", lambda *_: {"train_cnn": 11})
    Path("net.py").write_text("raise RuntimeError\n")
    Path("net.yaml").write_text("cnn: {network: 'net.py:Net'}\n")
    done = run("check", ROOT / DEFAULTS, "net.yaml")
    assert done.exit_code == 0, done.output
    assert "Your own network was not tested here" in said(done)


def test_a_finished_run_has_no_plan(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jobs, "planned_jobs", lambda *_: {})
    assert "demo is finished" in said(run("check", ROOT / DEFAULTS))


def test_too_little_memory_for_all_cores_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(jobs, "planned_jobs", lambda *_: {"explain": 30})
    monkeypatch.setattr(environment, "ram_mb", lambda: 4000.0)
    few, many = (said(run("check", ROOT / DEFAULTS, "--cores", n)) for n in ("2", "40"))
    assert "--resources mem_mb=3600" in many
    assert "mem_mb" not in few
