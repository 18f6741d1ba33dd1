"""A changed line runs again what it can change, and no more."""

import copy
import json
import os
import re
import shutil
from importlib.util import find_spec

import pytest

from support.places import ROOT
from support.workflow import copy_of, jobs
from voxplain.attribution import MODULES, method_module
from voxplain.run.manifest import Differences, verify
from voxplain.run.source_hash import NEUTRAL, PACKAGE, source_files, source_hash

pytestmark = pytest.mark.slow

SOURCE = "src/voxplain/"
LINE = "\nCHANGED = 1\n"
READS_MAPS = {  # tables and figures of all methods
    "group_maps",
    "faithfulness_fold",
    "faithfulness",
    "masked_accuracy_fold",
    "masked_accuracy",
    "table3",
    "localisation",
    "map_properties",
    "regions",
    "robustness_method",
    "robustness",
    "statistics_figures",
    "map_figures",
    "claims",
    "page",
}


@pytest.fixture(scope="module")
def edited(tiny, tmp_path_factory):
    """The finished tiny run, planned by a copy of the code that a test may edit."""
    workflow = copy.copy(tiny)
    workflow.root = tmp_path_factory.mktemp("checkout")
    for name in ("src", "workflow", "profiles", "envs"):
        shutil.copytree(ROOT / name, workflow.root / name)
    for name in ("Snakefile", "config.yaml"):
        shutil.copy2(ROOT / name, workflow.root)
    workflow.surroundings = {"PYTHONPATH": str(workflow.root / "src")}
    return workflow


@pytest.fixture
def planned(edited):
    """Plan the run after edits of files, and undo them: rule and wildcards of each job."""
    originals = {}

    def plan(edits):
        for name, edit in edits.items():
            path = edited.root / name
            originals[path] = path.read_bytes()
            path.write_text(edit(path.read_text()))
        done = edited("--dry-run")
        assert done.returncode == 0, done.stdout[-3000:]
        return [(rule, text) for rule, text in jobs(done.stdout) if rule != "all"]

    yield plan
    for path, content in originals.items():
        path.write_bytes(content)


def wildcard(name, planned):
    return {match[1] for _, text in planned if (match := re.search(rf"{name}=(\w+)", text))}


def rules(planned):
    return {rule for rule, _ in planned}


def appended(*names):
    return {SOURCE + name: lambda text: text + LINE for name in names}


def test_comments_docstrings_and_formatting_run_nothing(planned, edited):
    def reworded(text):
        text = re.sub(r'^"""', '"""Reworded. ', text)
        text = re.sub(r'^(    )"""(?=\w)', r'\1"""Reworded. ', text, flags=re.M)
        return "# A comment\n" + text.replace("\n\n\n", "\n\n\n# Another\n\n\n")

    files = [*(edited.root / "src").rglob("*.py"), *(edited.root / "workflow").rglob("*.py")]
    edits = {str(file.relative_to(edited.root)): reworded for file in files}
    assert len(edits) > 250
    assert planned(edits) == []


def test_what_changes_no_result_runs_nothing(planned):
    files = [find_spec(name).origin for name in NEUTRAL]
    assert planned(appended(*(os.path.relpath(file, PACKAGE) for file in files))) == []


def test_one_method_runs_that_method_and_what_reads_its_maps(planned):
    again = planned(appended("attribution/methods/grad_cam.py"))
    assert rules(again) == {"explain"} | READS_MAPS
    applied = [job for job in again if job[0] in ("explain", "robustness_method")]
    assert wildcard("method", applied) == {"grad_cam"}
    assert len(applied) == 3  # maps of two folds, and the checks of its sanity


def test_another_layout_runs_nothing(planned):
    names = [f"cohort/layouts/{name}.py" for name in ("hcp", "bids", "oasis", "discovery")]
    assert planned(appended(*names)) == []


def test_the_cohorts_own_layout_reads_it_again(planned):
    assert "read_cohort" in rules(planned(appended("cohort/layouts/synthetic.py")))


@pytest.mark.parametrize(
    ("figure", "drawing"),
    [("history", {"statistics_figures"}), ("subjects", {"map_figures"}), ("truth", set())],
)
def test_a_figure_is_drawn_again_with_those_of_its_job_and_the_page(planned, figure, drawing):
    again = planned(appended(f"figures/{figure}.py"))
    assert rules(again) == (drawing | {"page"} if drawing else set())


def test_the_page_alone(planned):
    assert rules(planned(appended("report/page.py"))) == {"page"}


def test_training_runs_again_with_all_that_rests_on_it_and_nothing_before(planned):
    again = planned(appended("network/training.py"))
    assert rules(again) >= {"train_cnn", "train_variant", "explain"} | READS_MAPS
    assert wildcard("fold", [job for job in again if job[0] == "train_cnn"]) == {"01", "02", "all"}
    before = {"read_cohort", "make_images", "downsample", "stack_volumes", "make_folds"}
    others = {"gram_matrix", "voxel_svm", "tabular_models", "confounds", "atlas"}
    assert not rules(again) & (before | others)


def test_a_point_of_truth_depends_on_all_that_its_study_runs(edited):
    """Its digest names the scripts, which another Snakemake runs."""
    texts = [path.read_text() for path in (ROOT / "workflow" / "rules").glob("*.smk")]
    scripts, rule = {}, ""
    for name, script in re.findall(
        r'(?:rule|checkpoint) (\w+):|scripts/(\w+\.py)"', "".join(texts)
    ):
        rule = name or rule
        if script:
            scripts[rule] = script
    names = ("tables/localisation", "tables/localisation_controls", "cnn/fold-01/predictions")
    planned = jobs(
        edited("--dry-run", "--forceall", *(f"results/tiny/{n}.tsv" for n in names)).stdout
    )
    needed = {scripts[rule] for rule, _ in planned} - {"wheel.py"}
    listed = re.search(r"POINT_SCRIPTS = \[(.*?)\]", "".join(texts), re.S)[1]
    assert set(re.findall(r'"(\w+\.py)"', listed)) == needed


def test_results_can_be_kept_knowingly(tiny, edited, tmp_path):
    """What docs/howto/resume.md says of `--touch` and of `--rerun-triggers`."""
    kept = copy_of(tiny, tmp_path / "kept")
    kept.root, kept.surroundings = edited.root, edited.surroundings
    path = edited.root / SOURCE / "network/training.py"
    original = path.read_text()
    path.write_text(original + LINE)
    try:
        assert "train_cnn" in rules(jobs(kept("--dry-run").stdout))
        once = kept("--dry-run", "--rerun-triggers", "mtime", "input")
        assert "Nothing to be done" in once.stdout
        assert kept("--touch").returncode == 0
        assert "Nothing to be done" in kept("--dry-run").stdout
    finally:
        path.write_text(original)
    assert verify(kept.path("tiny")) == Differences([], [], [])


def test_every_job_has_imported_only_what_its_digest_covers(tiny):
    lines = (tiny.folder / "imports.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert {record["method"] for record in records} >= {"grad_cam", "meaningful_perturbation"}
    assert len({record["rule"] for record in records}) > 25
    for record in records:
        script = ROOT / "workflow" / "scripts" / record["script"]
        chosen = ["voxplain.cohort.layouts.synthetic"]
        if record["method"] in MODULES:
            chosen.append(method_module(record["method"]))
        assert record["code"] == source_hash(script, *chosen), record["rule"]
        files = [
            file.relative_to(PACKAGE.parent).with_suffix("")
            for file in source_files(script, *chosen)
        ]
        covered = {".".join(file.parts).removesuffix(".__init__") for file in files}
        assert set(record["modules"]) <= covered | NEUTRAL | {"voxplain"}, record["rule"]
