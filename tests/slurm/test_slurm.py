"""The tiny study through a real Slurm: GPUs allotted, cancelled and overgrown jobs done again."""

import subprocess
import time

import pytest
import yaml

from support import private_slurm
from support.places import ROOT
from support.workflow import BIN, TINY, Workflow

LACKING = private_slurm.missing()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(LACKING), reason=f"no Slurm here ({', '.join(LACKING)}); see .ci/run for its packages"
    ),
]

STUDY = TINY | {
    "volumes": TINY["volumes"] | {"batches": 1},
    "attribution": TINY["attribution"] | {"methods": ["guided_backprop", "grad_cam"]},
}
CANCELLED, OVERGROWN = "train_cnn", "gram_matrix"


def derived_profile(folder):
    """The shipped profile; what differs is this machine's size, speed and its GPUs on paper."""
    profile = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text())
    profile["default-resources"] |= {"mem_mb": "attempt * 1500", "runtime": 10}
    for needs in profile["set-resources"].values():
        needs |= {"mem_mb": "attempt * 2000", "runtime": 10}
    profile["set-resources"] = {rule: dict(n) for rule, n in profile["set-resources"].items()}
    for rule in (CANCELLED, "explain"):
        profile["set-resources"][rule]["gpu"] = 1
    profile["set-resources"][OVERGROWN] = {"mem_mb": "60 if attempt == 1 else 1500"}
    profile |= {
        "latency-wait": 5,
        "slurm-init-seconds-before-status-checks": 2,
        "seconds-between-status-checks": 2,
        "slurm-no-account": True,
    }
    (folder / "profile").mkdir()
    (folder / "profile" / "config.yaml").write_text(yaml.safe_dump(profile))
    return folder / "profile"


def cancel_first(environment, run, rule):
    """Cancel the first job of a rule that runs; return its number."""
    while run.poll() is None:
        for job in private_slurm.jobs(environment):
            if f"rule_{rule}" in job["Comment"] and job["JobState"] == "RUNNING":
                subprocess.run(["scancel", job["JobId"]], env=environment, check=True)
                return job["JobId"]
        time.sleep(0.3)
    raise AssertionError(f"no job of {rule} was seen")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slurm")
    workflow = Workflow(folder, STUDY)
    profile = derived_profile(folder)
    with private_slurm.private_slurm(folder / "cluster") as environment:
        environment["PATH"] = f"{folder / 'cluster' / 'bin'}:{BIN}:{environment['PATH']}"
        command = [
            *(str(BIN / "snakemake"), "--snakefile", str(ROOT / "Snakefile")),
            *("--workflow-profile", str(profile)),
            *("--configfile", str(ROOT / "config.yaml"), str(workflow.configfile)),
        ]
        with open(folder / "run.log", "w") as log:
            run = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
            try:
                cancelled = cancel_first(environment, run, CANCELLED)
                assert run.wait(timeout=1800) == 0, (folder / "run.log").read_text()[-6000:]
            finally:
                run.terminate()
        yield workflow, private_slurm.jobs(environment), cancelled


def of(jobs, rule):
    return [job for job in jobs if job["Comment"].startswith(f"rule_{rule}")]


def test_it_runs_to_the_end(study):
    workflow, jobs, _ = study
    assert workflow.path("tiny", "report.html").is_file()
    assert workflow.path("tiny", "manifest.tsv").is_file()
    for rule in ("make_images", "train_cnn", "voxel_svm"):
        assert of(jobs, rule), rule
        # One file, or a folder of one per wildcard.
        assert list(workflow.path("tiny", "benchmarks").glob(f"{rule}*")), rule
    assert list(workflow.path("slurm-logs").rglob("*.log"))


def test_network_jobs_have_a_gpu_each_and_others_none(study):
    workflow, jobs, _ = study
    for job in (*of(jobs, "train_cnn"), *of(jobs, "explain")):
        assert job["Partition"] == "gpu"
        assert job["JOB_GRES"] == "gpu:1"
    for job in (*of(jobs, "make_images"), *of(jobs, "voxel_svm")):
        assert job["Partition"] == "cpu"
        assert job["JOB_GRES"] == "(null)"
    log = workflow.path("tiny", "logs", "train_cnn", "fold-01.log").read_text()
    assert log.startswith(("CUDA_VISIBLE_DEVICES=0", "CUDA_VISIBLE_DEVICES=1"))


def test_a_cancelled_job_is_done_again(study):
    _, jobs, cancelled = study
    states = {job["JobId"]: job for job in of(jobs, CANCELLED)}
    assert states[cancelled]["JobState"] == "CANCELLED"
    again = [
        job
        for job in states.values()
        if job["Comment"] == states[cancelled]["Comment"] and job["JobState"] == "COMPLETED"
    ]
    assert len(again) == 1


def test_a_job_over_its_memory_is_done_again_with_more(study):
    first, second = of(study[1], OVERGROWN)
    assert first["JobState"] != "COMPLETED"
    assert "mem=60M" in first["TRES"]
    assert second["JobState"] == "COMPLETED"
    assert "mem=1500M" in second["TRES"]
