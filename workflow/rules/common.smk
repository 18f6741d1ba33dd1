"""What all rules share: the run's plan and paths, and the helpers that need Snakemake itself."""

import os
import shlex
from dataclasses import asdict
from pathlib import Path

from voxplain.attribution import method_module
from voxplain.plan import on_disk
from voxplain.plan.inputs import Inputs, held_out_fold
from voxplain.plan.resources import Memory
from voxplain.plan.run_plan import RunPlan, grid_shape
from voxplain.plan.targets import Targets
from voxplain.preparation.settings import EXTRACTOR
from voxplain.run.lock import ENGINE_VARIABLE, FOLDER_VARIABLE
from voxplain.run.paths import WHOLE_COHORT, RunPaths
from voxplain.run.source_hash import source_hash

P = RunPaths(config["run"])
RUN = RunPlan(config)
TARGETS = Targets(RUN, P)
INPUTS = Inputs(RUN, P)
MEMORY = Memory(config)
# Jobs find this checkout's package whatever environment they run in, and the run they belong to.
SOURCE = shlex.quote(str(Path(workflow.basedir, "src")))
shell.prefix(
    f'set -euo pipefail; export PYTHONPATH={SOURCE}"${{{{PYTHONPATH:+:$PYTHONPATH}}}}" '
    f"{FOLDER_VARIABLE}={shlex.quote(P.root)} {ENGINE_VARIABLE}={os.getpid()}; "
)
ENVIRONMENT = f"../../envs/{'gpu' if config['gpu'] else 'cpu'}.yaml"
# Snakemake compares and records them in its main process alone.
FINGERPRINTS = (
    INPUTS.fingerprints() if workflow.is_main_process else INPUTS.not_looked_at()
)


# Folders that a rule's files lie below. A rule that does the same to something else
# (`use rule ... with`) has other folders, and all its files with them.
pathvars:
    cohort=P.root,
    splits=P.root,
    models=P.root,
    maps=P.root,


COHORT = RunPaths("<cohort>", results="")
SPLITS = RunPaths("<splits>", results="")
MODELS = RunPaths("<models>", results="")
MAPS = RunPaths("<maps>", results="")


wildcard_constraints:
    fold="|".join([*RUN.folds, WHOLE_COHORT]),
    batch="|".join(RUN.batches),
    method="|".join([*RUN.methods, *RUN.controls]),
    atlas="|".join(RUN.atlases) or "none",


def code(*scripts, chosen=lambda wildcards: []):
    """Digest of scripts and of what they use of voxplain: a changed kernel re-runs its results.

    `chosen` returns the modules that the job imports by name.
    """
    paths = [Path(workflow.basedir) / "workflow" / "scripts" / name for name in scripts]
    return lambda wildcards: " ".join(
        source_hash(path, *chosen(wildcards)) for path in paths
    )


def chosen_method(wildcards):
    """The module of a job's attribution method."""
    return [method_module(wildcards.method)]


def chosen_layout(wildcards):
    """The module of the cohort's layout."""
    return [f"voxplain.cohort.layouts.{RUN.layout}"]


def chosen_by_point(wildcards):
    """The modules that the study of a point imports by name."""
    return ["voxplain.cohort.layouts.synthetic", *map(method_module, RUN.methods)]


def figure(name, category, label):
    """Files of a figure: picture, vector drawing, data; Snakemake's report shows the picture."""
    png, svg, data = P.figure(name)
    uncaptioned = Path(workflow.basedir) / "workflow" / "report" / "uncaptioned.rst"
    shown = report(
        png,
        caption=on_disk.caption(P, name, uncaptioned),
        category=category,
        labels={"figure": label},
    )
    return [shown, svg, data]


def batch_of_images(wildcards):
    """A batch's images with sizes and times of their files; waits for the cohort to be read."""
    checkpoints.read_cohort.get()
    return P.batch.format(batch=wildcards.batch)


def fold_of(wildcards):
    """The fold that a participant is held out of; waits for the folds to be drawn."""
    folds = checkpoints.make_folds.get().output.folds
    return held_out_fold(folds, wildcards.participant)


def explaining_fold(wildcards):
    """The fold whose model explains a participant."""
    fold = fold_of(wildcards)
    return fold if RUN.held_out else WHOLE_COHORT


def with_other_run(files):
    """Files made with the other run's; refuses where there is none."""
    on_disk.check_other_run(config["run"], config["other_run"])
    return files
