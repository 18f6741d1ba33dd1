"""HCP, BIDS and OASIS trees through the DAG, up to what the layouts decide."""

import gzip
import json
import re
import zipfile

import nibabel as nib
import numpy as np
import pytest
from nilearn import datasets

from support.workflow import TINY, Workflow
from voxplain.cohort.morphometry import hcp_columns
from voxplain.run.files import read_table

pytestmark = pytest.mark.slow

SHAPE = (24, 28, 24)
N = 16


def save(path, k, value=None):
    data = np.random.default_rng(k).uniform(1, 100, SHAPE).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    image = data if value is None else np.full(SHAPE, value, np.float32)
    nib.save(nib.Nifti1Image(image, np.diag([7.0, 7, 7, 1])), path)


def workflow(tmp_path, root, cohort):
    return Workflow(tmp_path, TINY | {"run": "x", "cohort_root": str(root), "cohort": cohort})


def done(tmp_path, root, cohort, *targets):
    output = workflow(tmp_path, root, cohort)(*targets)
    assert output.returncode == 0, output.stdout[-4000:]


@pytest.fixture
def hcp(tmp_path):
    """Packages of 16 participants, and one without images, and the three tables."""
    root = tmp_path / "hcp"
    root.mkdir()
    rng = np.random.default_rng(0)
    names = [c.removesuffix(".1") for c in hcp_columns.columns()]
    behavioural = ["Subject,Release,Gender,Age,FS_IntraCranial_Vol"]
    expanded = [",".join(["Subject", "Release", "Gender", *names])]
    restricted = ["Subject,Age_in_Yrs,Family_ID,Mother_ID,Handedness,Race"]
    for k in range(N + 1):
        who, sex = str(100200 + k), "FM"[k % 2]
        behavioural.append(f"{who},S1200,{sex},26-30,{1.4e6 + k * 1e4}")
        restricted.append(f"{who},29.125,55{k // 2}00_81,planted-{k},planted,planted")
        if k < N:
            values = ",".join(map(str, rng.uniform(1, 9, 935).round(4)))
            expanded.append(f"{who},S1200,{sex},{values}")
            member = "T1w/T1w_acpc_dc_restore_brain.nii.gz"
            save(tmp_path / member, k)
            with zipfile.ZipFile(root / f"{who}_3T_Structural_preproc.zip", "w") as zipped:
                zipped.write(tmp_path / member, f"{who}/{member}")
    for name, lines in (("b", behavioural), ("e", expanded), ("r", restricted)):
        (root / f"{name}.csv").write_text("\n".join(lines) + "\n")
    cohort = {
        "layout": "hcp",
        "space": "native",
        "on_missing": "drop",
        "hcp": {"behavioural": "b.csv", "morphometry": "e.csv", "restricted": "r.csv"},
    }
    return root, cohort


def test_hcp_packages_with_restricted_families(hcp, tmp_path):
    root, cohort = hcp
    results = tmp_path / "results/x"
    targets = ["volumes/volumes.npy", "logistic_regression/fold-01/predictions.tsv"]
    done(tmp_path, root, cohort, *(f"results/x/{target}" for target in targets))
    people = read_table(results / "cohort/participants.tsv")
    assert people["family_id"].tolist() == [f"family-{k // 2 + 1:03d}" for k in range(N)]
    assert read_table(results / "cohort/left_out.tsv")["participant_id"].tolist() == ["100216"]
    features = read_table(results / "cohort/morphometry.tsv")
    assert features.shape == (N, 936)
    assert np.load(results / "volumes/volumes.npy").shape == (N, 22, 26, 22)
    # Nothing restricted anywhere: outputs, logs, Snakemake's own records.
    files = [path for path in tmp_path.rglob("*") if path.is_file() and root not in path.parents]
    assert len(files) > 50
    for path in files:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content += gzip.decompress(content)
        assert not [word for word in (b"planted", b"00_81") if word in content], path
        if path.suffix in (".tsv", ".json", ".log"):  # five digits can stand in voxels by chance
            assert b"29.125" not in content, path


@pytest.mark.parametrize("place", ["r.csv", "private/r.csv"])
def test_only_one_job_reads_the_restricted_table(hcp, tmp_path, place):
    """So that what it wrote, looked at above, is all that any result can know of it."""
    root, cohort = hcp
    (root / "private").mkdir()
    (root / "r.csv").rename(root / place)
    cohort["hcp"]["restricted"] = place
    planned = workflow(tmp_path, root, cohort)("--dry-run", "--quiet", "host").stdout
    blocks = re.split(r"^(?:local)?(?:rule|checkpoint) (\w+):", planned, flags=re.M)[1:]
    rules = dict(zip(blocks[::2], blocks[1::2], strict=True))
    assert len(rules) > 15
    assert [rule for rule, text in rules.items() if "r.csv" in text] == ["read_cohort"]


def test_hcp_images_are_not_in_the_space_that_is_claimed(hcp, tmp_path):
    root, cohort = hcp
    output = workflow(tmp_path, root, cohort | {"space": "MNI152"})("results/x/volumes/volumes.npy")
    assert output.returncode != 0
    assert "cohort.space is MNI152" in output.stdout


def test_bids_masks_are_applied(tmp_path):
    root = tmp_path / "ds"
    lines = ["participant_id\tsex"]
    for k in range(N):
        who = f"sub-{k:02d}"
        stem = root / f"prep/{who}/anat/{who}_space-MNI152NLin6Asym"
        save(stem.with_name(f"{stem.name}_desc-preproc_T1w.nii.gz"), k)
        save(stem.with_name(f"{stem.name}_desc-brain_mask.nii.gz"), k, value=k % 8 != 0)
        lines.append(f"{who}\t{'FM'[k % 2]}")
    (root / "participants.tsv").write_text("\n".join(lines) + "\n")
    described = {"Name": "x", "BIDSVersion": "1.10.0"}
    (root / "dataset_description.json").write_text(json.dumps(described))
    bids = {"derivatives": "prep", "entities": {"space": "MNI152NLin6Asym"}, "brain_mask": True}
    cohort = {"layout": "bids", "bids": bids}
    output = workflow(tmp_path, root, cohort)("results/x/volumes/volumes.npy")
    assert output.returncode != 0  # empty masks leave nothing, and each is told
    assert "sub-00: " in output.stdout
    done(
        tmp_path, root, cohort | {"exclude": ["sub-00", "sub-08"]}, "results/x/volumes/volumes.npy"
    )
    assert read_table(tmp_path / "results/x/cohort/participants.tsv")["mask"].notna().all()


def test_the_templates_brain_is_cut_out_of_whole_heads(tmp_path):
    template = datasets.load_mni152_brain_mask(resolution=6)
    root = tmp_path / "heads"
    root.mkdir()
    lines = ["participant_id\tsex\tpath"]
    for k in range(4):
        head = np.random.default_rng(k).uniform(50, 99, template.shape).astype(np.float32)
        nib.save(nib.Nifti1Image(head, template.affine), root / f"{k}.nii.gz")
        lines.append(f"{k}\t{'FM'[k % 2]}\t{k}.nii.gz")
    (root / "participants.tsv").write_text("\n".join(lines) + "\n")
    config = TINY | {"run": "x", "cohort_root": str(root), "cohort": {"layout": "table"}}
    shape = list(template.shape)
    config["volumes"] = {"shape": shape, "batches": 1, "brain_mask": "template"}
    output = Workflow(tmp_path, config)("results/x/volumes/volumes.npy")
    assert output.returncode == 0, output.stdout[-4000:]
    inside = nib.load(tmp_path / "results/x/volumes/brain_mask.nii.gz").get_fdata() > 0
    expected = nib.as_closest_canonical(template).get_fdata() > 0
    assert 2 * (inside & expected).sum() / (inside.sum() + expected.sum()) > 0.97
    quality = read_table(tmp_path / "results/x/volumes/quality.tsv")
    assert (quality["foreground_share"] < 0.5).all()
    assert not list((tmp_path / "results/x/volumes/batches").glob("*mask*"))


def test_oasis_is_called_grey_matter(tmp_path):
    root = tmp_path / "oasis1"
    lines = ["ID,M/F,Hand,Age,Educ,SES,MMSE,CDR,eTIV,nWBV,ASF,Delay"]
    for k in range(N):
        name = f"OAS1_{k + 1:04d}_MR1"
        save(root / name / f"mwrc1{name}_mpr_anon_fslswapdim_bet.nii.gz", k)
        lines.append(f"{name},{'FM'[k % 2]},R,{20 + k},,,,,{1300 + k},0.8,1.1,N/A")
    (root / "oasis_cross-sectional.csv").write_text("\n".join(lines) + "\n")
    cohort = {"layout": "oasis"}
    output = workflow(tmp_path, root, cohort)("results/x/cohort/participants.tsv")
    assert "cohort.contrast is T1w" in output.stdout
    target = "results/x/head_size/fold-02/predictions.tsv"
    done(tmp_path, root, cohort | {"contrast": "grey_matter"}, target)
