"""What a run consists of, from its configuration alone."""

import subprocess
import sys

import pytest

from support.places import ROOT
from voxplain.plan.run_plan import RunPlan, grid_name, grid_shape
from voxplain.plan.settings import check_config
from voxplain.run.config import DEFAULTS


def test_the_default_run(configured):
    plan = RunPlan(configured())
    assert plan.folds == plan.map_folds == plan.viewer_folds == [f"{k:02d}" for k in range(1, 11)]
    assert plan.groups == ["women", "men", "conjoined"]
    assert plan.models == [
        "cnn",
        "voxel_svm",
        "xgboost",
        "knn",
        "logistic_regression",
        "logistic_regression_tiv_residual",
        "head_size",
    ]
    assert plan.baseline_models == plan.models[1:]
    assert "knn" not in plan.importance_models
    assert plan.has_truth
    assert plan.in_mni152
    assert not plan.claims_mni152  # it makes its images in that space
    assert plan.sanity_controls == plan.controls[:2]
    assert plan.has_defaults(ROOT / DEFAULTS)
    assert plan.kan2020_run == "demo_kan2020"
    assert set(plan.reruns) == {"seeds", "folds", "shuffled"}


def test_one_model_of_everybody_makes_all_maps(configured):
    plan = RunPlan(configured(attribution={"model": "all"}))
    assert plan.map_folds == plan.perturbation_folds == ["all"]
    assert plan.viewer_folds == plan.everybodys_methods == []
    plan = RunPlan(configured(attribution={"methods": ["grad_cam", "guided_backprop"]}))
    assert plan.perturbation_folds == []
    assert plan.placed_methods == ["grad_cam"]
    assert plan.other_upsampling == "paper"


def test_a_null_cohort_has_no_truth_and_native_images_have_no_regions(configured):
    assert not RunPlan(configured(cohort={"synthetic": {"null_cohort": True}})).has_truth
    plan = RunPlan(configured(cohort={"space": "native"}))
    assert plan.table2_atlases == []
    assert plan.networks == {}
    assert plan.atlases


def test_a_users_images_are_compared_with_the_template_they_are_said_to_be_in(of_table):
    plan = RunPlan(of_table("/data"))
    assert plan.claims_mni152
    assert not plan.has_morphometry
    assert plan.models == ["cnn", "voxel_svm", "head_size"]
    assert plan.region_models == plan.morphometry_models == []
    assert plan.learning_models == ["voxel_svm", "head_size"]
    assert RunPlan(of_table("/data", {"morphometry": "m.tsv"})).has_morphometry


def test_the_papers_network_and_a_users_own(configured, tmp_path):
    plan = RunPlan(configured())
    network = plan.network_on([9, 9, 9])
    assert network["source"] is network["digest"] is None
    assert network["arguments"]["shape"] == [9, 9, 9]
    assert network["arguments"]["channels"] == plan.config["cnn"]["channels"]
    assert not {"channels", "dropout", "network"} & set(plan.training)
    file = tmp_path / "mine.py"
    file.write_text("def Net(shape, n_classes, width): ...")
    settings = {"network": f"{file}:Net", "network_settings": {"width": 3}}
    config = configured(cnn=settings)
    check_config(config, ROOT)
    before = RunPlan(config).network
    assert before["arguments"] == {"shape": config["volumes"]["shape"], "n_classes": 2, "width": 3}
    assert len(before["digest"]) == 16


def test_grids_are_named_after_their_shapes(configured):
    shape = configured()["volumes"]["shape"]
    plan = RunPlan(configured(evaluation={"grids": [shape, [24, 28, 24]]}))
    assert plan.grids == ["24x28x24"]
    assert grid_shape(grid_name(shape)) == shape


@pytest.mark.parametrize("module", ["run_plan", "targets", "inputs", "resources", "settings"])
def test_the_rules_pay_for_no_large_import(module):
    """Every job reads the rules, and with them these modules."""
    check = (
        f"import sys, voxplain.plan.{module}; "
        "sys.exit(str({'pandas', 'torch', 'nibabel', 'scipy', 'snakemake'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == "set()"
