"""Native images into MNI152 through the DAG: HCP's warps by one key, IXI's brains by ANTsPy."""

import gzip
import importlib.util
import json
import zipfile

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml

from support.places import ROOT, SHARED
from support.workflow import TINY, Workflow
from voxplain.image.downsample import downsample_file
from voxplain.preparation.resample import MNI152
from voxplain.run.files import read_table

pytestmark = pytest.mark.slow

N = 8


def brain():
    """A ball as large as a brain, brighter on the right and in front."""
    x, y, z = MNI152.world(np.indices(MNI152.shape).reshape(3, -1).T).T
    inside = (x / 75) ** 2 + ((y + 18) / 92) ** 2 + ((z - 8) / 72) ** 2 < 1
    return (inside * (300 + x + y)).reshape(MNI152.shape).astype(np.float32)


def radiological(step):
    """The affine of FSL's MNI152 with voxels of `step` mm: x runs to the left."""
    return np.array([[-step, 0, 0, 90], [0, step, 0, -126], [0, 0, step, -72], [0, 0, 0, 1.0]])


@pytest.fixture
def hcp(tmp_path):
    """Packages of images that lie 15 mm too far front, and the warps that bring them back."""
    root = tmp_path / "hcp"
    root.mkdir()
    shifted = radiological(2)
    shifted[1, 3] += 15
    # FSL's coordinates are voxels times their size, so these warps need no displacement at all
    image = nib.Nifti1Image(brain()[::-1], shifted)
    warp = nib.Nifti1Image(np.zeros((23, 28, 23, 3), np.float32), radiological(8))
    warp.header["intent_code"] = 2006
    members = {
        "T1w/T1w_acpc_dc_restore_brain.nii.gz": gzip.compress(image.to_bytes(), 1),
        "MNINonLinear/xfms/acpc_dc2standard.nii.gz": gzip.compress(warp.to_bytes()),
    }
    lines = ["Subject,Release,Gender,Age"]
    for k in range(N):
        with zipfile.ZipFile(root / f"10020{k}_3T_Structural_preproc.zip", "w") as package:
            for name, content in members.items():
                package.writestr(f"10020{k}/{name}", content)
        lines.append(f"10020{k},S1200,{'FM'[k % 2]},26-30")
    (root / "unrestricted.csv").write_text("\n".join(lines) + "\n")
    return root


def test_one_key_brings_hcp_into_mni(hcp, tmp_path):
    preset = yaml.safe_load((ROOT / "workflow/presets/hcp.yaml").read_text())
    del preset["volumes"]  # the paper's grid
    preset["cohort"]["hcp"]["tiv"] = None
    workflow = Workflow(tmp_path, TINY | preset | {"run": "x", "cohort_root": str(hcp)})
    key = ("registration={method: transforms}",)
    assert "table2" not in workflow("-n", "--quiet", "rules").stdout
    assert "table2" in workflow("-n", "--quiet", "rules", config=key).stdout
    done = workflow("results/x/volumes/mean.nii.gz", config=key)
    assert done.returncode == 0, done.stdout[-4000:]
    volumes = tmp_path / "results/x/volumes"
    sidecar = json.loads((volumes / "mean.json").read_text())
    assert sidecar["Space"] == "MNI152NLin6Asym"
    origin = json.loads((tmp_path / sidecar["Origin"]).read_text())["Participants"][0]
    assert origin["TransformKind"] == "FSL warp field, relative"
    assert origin["Transform"].endswith("100200/MNINonLinear/xfms/acpc_dc2standard.nii.gz")
    assert len(origin["TransformSHA256"]) == 64
    mean = nib.load(volumes / "mean.nii.gz")
    assert int(mean.header["sform_code"]) == 4
    nib.save(nib.Nifti1Image(brain(), MNI152.affine), tmp_path / "there.nii.gz")
    expected, grid, _ = downsample_file(tmp_path / "there.nii.gz", mean.shape)
    np.testing.assert_allclose(mean.affine, grid.affine, atol=1e-4)
    assert np.corrcoef(mean.get_fdata().ravel(), expected.ravel())[0, 1] > 0.999


def tissue(volume):
    return volume > 0.05 * np.percentile(volume, 98)


@pytest.mark.skipif(not (SHARED / "ixi").is_dir(), reason=f"no real brains at {SHARED}/ixi")
@pytest.mark.skipif(importlib.util.find_spec("ants") is None, reason="ANTsPy is not installed")
def test_native_ixi_brains_end_in_an_atlas_table(tmp_path):
    root, ixi = tmp_path / "ixi", SHARED / "ixi"
    root.mkdir()
    (root / "native").symlink_to(ixi / "native")
    people = pd.read_csv(ixi / "participants.tsv", sep="\t").groupby("sex").head(N // 2)
    people.to_csv(root / "participants.tsv", sep="\t", index=False)
    stem = "native/{participant_id}"
    table = {"image": f"{stem}_T1w.nii.gz", "mask": f"{stem}_dseg.nii.gz"}
    icbm = {
        "image": str(SHARED / "atlases/icbm_dti81_50labels_1mm.nii.gz"),
        "labels": str(SHARED / "atlases/icbm_dti81_50labels.txt"),
    }
    config = TINY | {
        "run": "x",
        "cohort_root": str(root),
        "cohort": {"layout": "table", "space": "native", "table": table},
        "registration": {"method": "antspy"},
        "atlases": [{"name": "icbm"} | icbm],
        "attribution": {"methods": ["guided_backprop", "grad_cam"], "training_sample": 1},
    }
    done = Workflow(tmp_path, config)("results/x/tables/table2_icbm.tsv")
    assert done.returncode == 0, done.stdout[-4000:]
    run = tmp_path / "results/x"
    assert read_table(run / "tables/table2_icbm.tsv").shape[0] == 2 * 50
    sidecar = json.loads((run / "tables/table2_icbm.json").read_text())
    assert sidecar["Space"] == "MNI152NLin2009aSym"
    origins = json.loads((tmp_path / sidecar["Origin"]).read_text())["Participants"]
    assert {record["Backend"].split()[0] for record in origins} == {"antspyx"}
    volumes = np.load(run / "volumes/volumes.npy")
    assert read_table(run / "volumes/quality.tsv")["template_dice"].min() > 0.85
    for name, ours in zip(people["participant_id"], volumes, strict=True):
        mni = ixi / "mni2mm" / f"{name}_space-MNI152NLin6Asym_desc-brain_T1w.nii.gz"
        theirs, _, _ = downsample_file(mni, ours.shape)
        a, b = tissue(ours), tissue(theirs)
        assert 2 * (a & b).sum() / (a.sum() + b.sum()) > 0.95, name
        assert np.corrcoef(ours[a | b], theirs[a | b])[0, 1] > 0.95, name


@pytest.mark.skipif(not (SHARED / "ixi").is_dir(), reason=f"no real brains at {SHARED}/ixi")
@pytest.mark.skipif(importlib.util.find_spec("ants") is None, reason="ANTsPy is not installed")
def test_raw_heads_are_prepared_and_a_stopped_job_resumes(tmp_path):
    root, ixi = tmp_path / "ixi", SHARED / "ixi"
    root.mkdir()
    (root / "native").symlink_to(ixi / "native")
    people = pd.read_csv(ixi / "participants.tsv", sep="\t").groupby("sex").head(2)
    people.to_csv(root / "participants.tsv", sep="\t", index=False)
    config = TINY | {
        "run": "heads",
        "cohort_root": str(root),
        "cohort": {
            "layout": "table",
            "space": "native",
            "table": {"image": "native/{participant_id}_T1w.nii.gz"},
        },
        "preparation": {"tissues": False},
        "folds": {"n_splits": 2},
        "volumes": TINY["volumes"] | {"batches": 1},
    }
    workflow = Workflow(tmp_path, config)
    quality = "results/heads/volumes/quality.tsv"
    done = workflow(quality)
    assert done.returncode == 0, done.stdout[-4000:]
    table = read_table(tmp_path / quality).set_index("participant_id")
    assert set(table["shown"]) == {"head"}
    assert set(table["mask_by"]) == {"deepbet"}
    expected = people.set_index("participant_id").loc[table.index, "brain_volume_ml"]
    np.testing.assert_allclose(table["brain_ml"], expected, rtol=0.03)
    volumes = np.load(tmp_path / "results/heads/volumes/volumes.npy")
    for name, ours in zip(table.index, volumes, strict=True):
        mni = ixi / "mni2mm" / f"{name}_space-MNI152NLin6Asym_desc-brain_T1w.nii.gz"
        a, b = tissue(ours), tissue(downsample_file(mni, ours.shape)[0])
        assert 2 * (a & b).sum() / (a.sum() + b.sum()) > 0.94, name
    # Whoever is finished when a job stops is not prepared again.
    prepared = tmp_path / "results/heads/preparation"
    times = {path: path.stat().st_mtime_ns for path in prepared.glob("sub-*/brain.nii.gz")}
    assert len(times) == 4
    (prepared / "batches/batch-00.tsv").unlink()
    assert workflow(quality).returncode == 0
    assert times == {path: path.stat().st_mtime_ns for path in times}
