"""Settings, paths and names that all stages use."""

import os
import re
import shlex
from math import ceil, prod
from pathlib import Path

from voxplain.attribution import method_module
from voxplain.plan.costs import NETWORK_RULES, Costs
from voxplain.cohort.layouts.patterns import PATTERNS
from voxplain.run.fingerprints import files_fingerprint, images_fingerprint
from voxplain.run.source_hash import source_hash
from voxplain.network.own import source_digest
from voxplain.run.paths import WHOLE_COHORT, RunPaths, fold_names
from voxplain.preparation.settings import RegistrationSettings
from voxplain.preparation.spaces import is_mni152
from voxplain.run.lock import ENGINE_VARIABLE, FOLDER_VARIABLE
from voxplain.run.seeds import stream_seed

P = RunPaths(config["run"])
# A run of the same participants under the paper's protocol, for the claims table.
KAN2020_RUN = config["kan2020_run"] or f"{config['run']}_kan2020"
# Jobs find this checkout's package whatever environment they run in, and the run they belong to.
SOURCE = shlex.quote(str(Path(workflow.basedir, "src")))
shell.prefix(
    f'set -euo pipefail; export PYTHONPATH={SOURCE}"${{{{PYTHONPATH:+:$PYTHONPATH}}}}" '
    f"{FOLDER_VARIABLE}={shlex.quote(P.root)} {ENGINE_VARIABLE}={os.getpid()}; "
)
FOLDS = fold_names(config["folds"]["n_splits"])
METHODS = config["attribution"]["methods"]
PERTURBS = "meaningful_perturbation" in METHODS
CONTROLS = ["input_gradient", "edges", "group_difference"]
SANITY_CONTROLS = CONTROLS[:2]  # the third has no network that could be randomised
ROBUSTNESS = config["evaluation"]["robustness"]
TRUTH = config["evaluation"]["truth"]
GRIDS = [
    "x".join(map(str, shape))
    for shape in config["evaluation"]["grids"]
    if shape != config["volumes"]["shape"]
]
ABLATION = config["evaluation"]["ablation"]
KNOBS = [name for name, values in ABLATION["knobs"].items() if values]
VARIANTS = ["shuffled", *(f"seed-{k + 1}" for k in range(ROBUSTNESS["seeds"]))]
CLASSES = [config["cohort"]["classes"][k] for k in ("negative", "positive")]
GROUPS = [*CLASSES, "conjoined"]
ATLASES = {atlas["name"]: atlas for atlas in config["atlases"]}
BATCHES = [f"{k:02d}" for k in range(config["volumes"]["batches"])]
LAYOUT = config["cohort"]["layout"]
LAYOUT_SETTINGS = config["cohort"][LAYOUT]
SYNTHETIC = LAYOUT == "synthetic"
TEMPLATE_MASK = config["volumes"]["brain_mask"] == "template"
HAS_TRUTH = SYNTHETIC and not config["cohort"]["synthetic"]["null_cohort"]
HAS_MORPHOMETRY = SYNTHETIC or LAYOUT_SETTINGS.get("morphometry") is not None
TABLE1_MODELS = ["xgboost", "knn", "logistic_regression"]
MORPHOMETRY_MODELS = (
    [*TABLE1_MODELS, "logistic_regression_tiv_residual"] if HAS_MORPHOMETRY else []
)
VOXEL_RESIDUAL = "voxel_svm_tiv_residual"  # in the head-size table alone
LEARNING = config["evaluation"]["learning"]
# Models whose fits take at most seconds.
LEARNING_MODELS = [
    "voxel_svm",
    *(["logistic_regression", "xgboost"] if HAS_MORPHOMETRY else []),
    "head_size",
]
REPEATS = fold_names(config["folds"]["repeats"])
RERUNS = {
    kind: [f"{kind}_{number}" for number in fold_names(n)]
    for kind, n in config["evaluation"]["retraining"].items()
}
# What is done again to something else lies below a root of its own, under the same names.
RERUN = RunPaths("{rerun}", f"{P.root}/evaluation/retraining")
ON_GRID = RunPaths("{grid}", f"{P.root}/evaluation/grids")
OTHER = RunPaths(config["other_run"]) if config["other_run"] else None
SETTINGS = config | {
    "other_run": None
}  # no other run plays a part in what this one computes
# What the page's commands must name, unless the defaults say the same.
SETTINGS_FILE = (
    None if SETTINGS == read_config([Path(workflow.basedir, DEFAULTS)]) else P.settings
)
EXTERNAL = RunPaths("external", P.root)
# Targets of their own, on the page once they have been asked for.
STUDY_TABLES = [
    "repeats",
    "learning",
    "seeds",
    "shuffled",
    "truth",
    "ablation",
    "grids",
    "roar",
    "external",
    "external_maps",
    "paper_maps",
]
# Of these, those that claims are judged by
CLAIM_STUDIES = ["ablation", "grids", "roar"]
STUDY_FIGURES = ["learning", "truth", "ablation", "ablation_convergence", "grids"]
NO_CAPTION = Path(workflow.basedir) / "workflow" / "report" / "uncaptioned.rst"
WITH_IMPORTANCES = [model for model in MORPHOMETRY_MODELS if model != "knn"]
# Models whose importances are set beside the maps.
WEIGHED_MODELS = ["logistic_regression", "xgboost"] if HAS_MORPHOMETRY else []
MODELS = ["cnn", "voxel_svm", *MORPHOMETRY_MODELS, "head_size"]
# Models that can be refitted to permuted labels; the first one in every run.
PERMUTED_MODELS = MODELS[1:]
OWN_NETWORK = config["cnn"]["network"] is not None
TRAINING = {
    key: value
    for key, value in config["cnn"].items()
    if key not in ("network", "network_settings", "channels", "dropout")
}
# Of volumes, maps and tables, after registration. Atlas tables need the atlas's space.
REGISTRATION = config["registration"]
TRANSFORMS = REGISTRATION["method"] == "transforms"
SPACE = RegistrationSettings(**REGISTRATION).space_after(config["cohort"]["space"])
IN_VIEW = ATLASES if is_mni152(SPACE) else {}
# Whether the images are taken at their word: registered ones are held to the template one by one.
CLAIMED_MNI152 = (
    is_mni152(SPACE)
    and REGISTRATION["method"] == "none"
    and not SYNTHETIC
    and config["cohort"]["contrast"] == "T1w"
)
TABLE2_ATLASES = [name for name, atlas in IN_VIEW.items() if "networks" not in atlas]
NETWORKS = {
    name: atlas["networks"] for name, atlas in IN_VIEW.items() if "networks" in atlas
}
# What a model file says of its images, beside their grid.
MODEL_INPUT = {
    "shape": config["volumes"]["shape"],
    "normalisation": config["volumes"]["normalisation"],
    "classes": CLASSES,
    "space": SPACE,
    "contrast": config["cohort"]["contrast"],
    "brain_mask": config["volumes"]["brain_mask"],
    "registration": REGISTRATION["method"],
}
# Folds whose maps make the group maps: the held-out ones, or the paper's in-sample model.
HELD_OUT_MAPS = config["attribution"]["model"] == "fold"
MAP_FOLDS = FOLDS if HELD_OUT_MAPS else [WHOLE_COHORT]
# Folds that the page's viewer can show one by one; the whole-cohort model is its own mean.
VIEWER_FOLDS = FOLDS if HELD_OUT_MAPS else []
LARGE = 10**6  # participants: no network job takes more memory for more of them
ENVIRONMENT = f"../../envs/{'gpu' if config['gpu'] else 'cpu'}.yaml"


wildcard_constraints:
    fold=r"\d\d|all",
    batch=r"\d\d",
    method="|".join(METHODS),
    atlas="|".join(ATLASES) or "none",


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
    return [f"voxplain.cohort.layouts.{LAYOUT}"]


def memory(rule):
    """Most memory of one job of a rule that computes with the network, MB; more at each attempt."""
    needed = ceil(Costs(config, LARGE, 0).memory_mb(rule))
    return lambda wildcards, attempt: attempt * needed


def memory_of_study(wildcards, threads, attempt):
    """Memory of a whole study in one job, MB: on each of its cores one of its largest jobs."""
    costs = Costs(config, LARGE, 0)
    return attempt * threads * ceil(max(map(costs.memory_mb, NETWORK_RULES)))


def memory_of_fits(wildcards, input, attempt):
    """Memory of a job that fits on the Gram matrix, MB: each fit takes four times its size."""
    return attempt * ceil(500 + 4 * input.size_mb)


def memory_of_transfer(wildcards, input, attempt):
    """Memory to apply another run's models, MB: the network's, or the voxel SVM's on both cohorts."""
    volume = 4 * prod(config["volumes"]["shape"]) / 1e6
    costs = Costs(config, ceil(input.size_mb / volume), 0)
    return attempt * ceil(
        max(map(costs.memory_mb, ("external_accuracy", "gram_matrix", "voxel_svm")))
    )


def network():
    """Which network, called with what, and a digest of a user's own: a changed one is retrained."""
    cnn, source = config["cnn"], config["cnn"]["network"]
    settings = (
        cnn["network_settings"]
        if OWN_NETWORK
        else {key: cnn[key] for key in ("channels", "dropout")}
    )
    digest = source_digest(source) if OWN_NETWORK else None
    arguments = {"shape": config["volumes"]["shape"], "n_classes": 2} | settings
    return {"source": source, "arguments": arguments, "digest": digest}


NETWORK = network()
