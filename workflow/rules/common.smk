"""Names and input functions that all stages use."""

import os
import re
import shlex
from pathlib import Path

from voxplain.manifest import files_fingerprint, images_fingerprint, source_hash
from voxplain.network_source import source_digest
from voxplain.paths import WHOLE_COHORT, RunPaths, fold_names
from voxplain.registration.spaces import is_mni152, space_after
from voxplain.run_lock import ENGINE_VARIABLE, FOLDER_VARIABLE
from voxplain.seeds import stream_seed

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
# Where each layout's images lie; `table` names its images itself.
IMAGE_PATTERNS = {
    "hcp": [
        "*/T1w/T1w_acpc_dc_restore_brain.nii.gz",
        "*/MNINonLinear/T1w_restore_brain.nii.gz",
        "*_3T_Structural_preproc.zip",
        "*/preproc/*_3T_Structural_preproc.zip",
    ],
    "bids": [
        f"sub-*/{folders}/*_{kind}.nii*"
        for folders in ("*", "*/*")
        for kind in ("T1w", "desc-brain_mask")
    ],
    "oasis": ["OAS1_*/mwrc1*"],
}
TABLE1_MODELS = ["xgboost", "knn", "logistic_regression"]
MORPHOMETRY_MODELS = (
    [*TABLE1_MODELS, "logistic_regression_tiv_residual"] if HAS_MORPHOMETRY else []
)
REPEATS = fold_names(config["folds"]["repeats"])
RERUNS = {
    kind: [f"{kind}_{number}" for number in fold_names(n)]
    for kind, n in config["evaluation"]["retraining"].items()
}
# What is done again to something else lies below a root of its own, under the same names.
RERUN = RunPaths("{rerun}", f"{P.root}/evaluation/retraining")
ON_GRID = RunPaths("{grid}", f"{P.root}/evaluation/grids")
OTHER = RunPaths(config["other_run"]) if config["other_run"] else None
EXTERNAL = RunPaths("external", P.root)
# Targets of their own, on the page once they have been asked for.
STUDY_TABLES = [
    "repeats",
    "seeds",
    "shuffled",
    "truth",
    "ablation",
    "grids",
    "roar",
    "external",
    "external_maps",
]
CLAIM_STUDIES = ["ablation", "grids"]  # of these, those that claims are judged by
STUDY_FIGURES = ["truth", "ablation", "ablation_convergence", "grids"]
# Models that can be refitted to permuted labels; the first one in every run.
PERMUTED_MODELS = ["voxel_svm", *(["logistic_regression"] if HAS_MORPHOMETRY else [])]
WITH_IMPORTANCES = [model for model in MORPHOMETRY_MODELS if model != "knn"]
# Models whose importances are set beside the maps.
WEIGHED_MODELS = ["logistic_regression", "xgboost"] if HAS_MORPHOMETRY else []
MODELS = ["cnn", "voxel_svm", *MORPHOMETRY_MODELS, "head_size"]
OWN_NETWORK = config["cnn"]["network"] is not None
TRAINING = {
    key: value
    for key, value in config["cnn"].items()
    if key not in ("network", "network_settings", "channels", "dropout")
}
# Of volumes, maps and tables, after registration. Atlas tables need the atlas's space.
REGISTRATION = config["registration"]
TRANSFORMS = REGISTRATION["method"] == "transforms"
SPACE = space_after(config["cohort"]["space"], REGISTRATION)
IN_VIEW = ATLASES if is_mni152(SPACE) else {}
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
}
# Folds whose maps make the group maps: the held-out ones, or the paper's in-sample model.
MAP_FOLDS = FOLDS if config["attribution"]["model"] == "fold" else [WHOLE_COHORT]
# Folds that the page's viewer can show one by one; the whole-cohort model is its own mean.
VIEWER_FOLDS = FOLDS if config["attribution"]["model"] == "fold" else []
ENVIRONMENT = f"../../envs/{'gpu' if config['gpu'] else 'cpu'}.yaml"


wildcard_constraints:
    fold=r"\d\d|all",
    batch=r"\d\d",
    method="|".join(METHODS),
    atlas="|".join(ATLASES) or "none",


def code(script):
    """Hash of a script and of all of voxplain that it imports: a changed kernel re-runs its results."""
    return source_hash(Path(workflow.basedir) / "workflow" / "scripts" / script)


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


def default_tables():
    names = [
        "accuracy",
        "calibration",
        "comparisons",
        "head_size",
        "confounds",
        "permutations_voxel_svm",
        "table1",
        "table3",
        "masked_accuracy",
        "first_layer",
        "agreement",
        "map_properties",
        "runtime",
    ]
    names += region_tables()
    names += ["optimism"] if HAS_MORPHOMETRY else []
    names += ["faithfulness", "faithfulness_curves", "robustness"]
    names += (
        ["localisation", "localisation_controls", "localisation_regions"]
        if HAS_TRUTH
        else []
    )
    return [P.table(name) for name in names]


def claim_tables():
    """Tables that the claims are judged by; of the studies, those that have been asked for."""
    studies = [P.table(name) for name in CLAIM_STUDIES if Path(P.table(name)).exists()]
    importances = [P.table("importances")] if HAS_MORPHOMETRY else []
    return [*default_tables(), *importances, *studies]


def all_tables():
    """The run's tables, and those of the targets of their own that have been asked for."""
    later = [*STUDY_TABLES, *(f"permutations_{model}" for model in PERMUTED_MODELS[1:])]
    asked = [P.table(name) for name in later if Path(P.table(name)).exists()]
    return [*default_tables(), P.table("claims"), *asked]


def region_tables():
    """Tables of what the maps do in atlas regions."""
    names = [f"table2_{atlas}" for atlas in TABLE2_ATLASES]
    names += ["laterality"] if TABLE2_ATLASES else []
    names += ["networks"] if NETWORKS else []
    if TABLE2_ATLASES and HAS_MORPHOMETRY:
        names += ["morphometry_regions", "morphometry_overlap"]
    return names


def table_rules():
    """Which rule makes each table of the run."""
    return {
        Path(path).stem: rule.name
        for rule in workflow.rules
        for path in map(str, rule.output)
        if path.startswith(f"{P.tables}/")
    }


def reference_files():
    """Claims and participants of the paper's protocol: asked for, or there by themselves."""
    other = RunPaths(KAN2020_RUN)
    files = [other.table("claims"), other.participants]
    found = config["kan2020_run"] or Path(files[0]).exists()
    return files if found else []


def figure(name, category, label):
    """Files of a figure: picture, vector drawing, data; Snakemake's report shows the picture."""
    png, svg, data = P.figure(name)
    shown = report(
        png, caption="../report/figure.rst", category=category, labels={"figure": label}
    )
    return [shown, svg, data]


def all_figures():
    names = [
        "fig1",
        "fig2a",
        "fig2b",
        "fig2c",
        "fig3",
        "accuracy",
        "calibration",
        "head_size",
        "history",
        "quality",
        "masked_accuracy",
        "table3",
        "agreement",
        "runtime",
        "subjects",
    ]
    names += ["stability"] if VIEWER_FOLDS else []
    names += ["projections"] if is_mni152(SPACE) else []
    names += ["regions"] if TABLE2_ATLASES else []
    names += ["localisation"] if HAS_TRUTH else []
    names += ["convergence"] if PERTURBS else []
    names += ["faithfulness", "robustness"]
    names += [name for name in STUDY_FIGURES if Path(P.figure(name)[0]).exists()]
    return [path for name in names for path in P.figure(name)]


def perturbation_files(path):
    """A file of every fold's Meaningful Perturbations, where the run has them."""
    folds = MAP_FOLDS if PERTURBS else []
    return expand(path, method="meaningful_perturbation", fold=folds)


def atlas_files(wildcards):
    atlas = ATLASES[wildcards.atlas]
    if "wheel" in atlas:
        return {"wheel": P.wheel.format(wheel=atlas["wheel"])}
    return {"image": atlas["image"], "labels": atlas["labels"]}


def per_model(path, models):
    """Named outputs, one per model."""
    return {model: path.replace("{model}", model) for model in models}


def held_out_fold(participant):
    """The fold that a participant is held out of; waits for the folds to be drawn."""
    with open(checkpoints.make_folds.get().output.folds) as file:
        rows = dict(line.split("\t")[:2] for line in file)
    if participant not in rows:
        raise WorkflowError(f"{participant} is not in this cohort ({P.participants})")
    return rows[participant]


def fold_of(participant):
    """The fold whose model explains a participant."""
    fold = held_out_fold(participant)
    return fold if config["attribution"]["model"] == "fold" else WHOLE_COHORT


def maps_of_participant(wildcards):
    fold = fold_of(wildcards.participant)
    return {
        "maps": P.maps.format(method=wildcards.method, fold=fold),
        "rows": P.map_rows.format(method=wildcards.method, fold=fold),
    }


def page_of_participant(wildcards):
    fold = fold_of(wildcards.participant)
    return {
        "maps": expand(P.maps, method=METHODS, fold=fold),
        "rows": expand(P.map_rows, method=METHODS, fold=fold),
        "predictions": expand(
            P.predictions, model=MODELS, fold=held_out_fold(wildcards.participant)
        ),
    }


def all_participant_maps(wildcards):
    with open(checkpoints.make_folds.get().output.folds) as file:
        participants = [line.split("\t")[0] for line in file][1:]
    return expand(P.participant_map, method=METHODS, participant=participants)


def group_sources(wildcards):
    """Maps that a fold's group masks are made of: its own training sample, or the paper's model."""
    if config["attribution"]["model"] == "fold":
        maps, fold = P.training_maps, wildcards.fold
    else:
        maps, fold = P.maps, WHOLE_COHORT
    return {
        "maps": expand(maps, method=METHODS, fold=fold),
        "rows": expand(P.map_rows, method=METHODS, fold=fold),
    }


def cohort_files(_):
    """Tables that a cohort is read from."""
    if SYNTHETIC:
        return {"table": P.source_participants, "morphometry": P.source_morphometry}
    root = Path(config["cohort_root"])
    names = [
        LAYOUT_SETTINGS.get(key)
        for key in ("participants", "behavioural", "restricted")
    ]
    files = {"table": [root / name for name in names if name]}
    if HAS_MORPHOMETRY:
        tables = LAYOUT_SETTINGS["morphometry"]
        tables = [tables] if isinstance(tables, str) else tables
        files["morphometry"] = [root / table for table in tables]
    return files


def image_files():
    """What downsampling depends on beside the table: sizes and times of the files themselves."""
    if SYNTHETIC:
        return "made here"
    root = Path(config["cohort_root"])
    templates = [LAYOUT_SETTINGS.get("mask")] if LAYOUT == "table" else []
    templates += [REGISTRATION["transform"]] if TRANSFORMS else []
    named = [
        path
        for template in templates
        if template
        for path in root.glob(re.sub(r"\{[^{}]+\}", "*", template.partition("!/")[0]))
    ]
    if LAYOUT == "table":
        images = images_fingerprint(
            root, LAYOUT_SETTINGS["participants"], LAYOUT_SETTINGS["image"]
        )
        return images + files_fingerprint(named)
    folder = root / (LAYOUT_SETTINGS.get("derivatives") or "")
    found = [
        path for pattern in IMAGE_PATTERNS[LAYOUT] for path in folder.glob(pattern)
    ]
    return files_fingerprint([*found, *named])


def table_files():
    """What reading the cohort depends on: a replaced table is noticed also if it is an old file."""
    if SYNTHETIC:
        return "made here"
    tables = cohort_files(None).values()
    return files_fingerprint(path for paths in tables for path in paths)


# Snakemake compares and records them in its main process alone: jobs need not ask every file again.
IMAGES, TABLES = (
    (image_files(), table_files()) if workflow.is_main_process else (None, None)
)


def registration_reference():
    """The image whose geometry FLIRT's matrices need."""
    reference = REGISTRATION["reference"] if TRANSFORMS else None
    return Path(config["cohort_root"], reference) if reference else []


def elsewhere(files, paths):
    """A rule's named files below another root, for a rule that does the same to something else."""
    return {
        name: (
            path.replace(P.root, paths.root, 1)
            if isinstance(path, str)
            else [one.replace(P.root, paths.root, 1) for one in path]
        )
        for name, path in files.items()
    }


def rerun_participants(wildcards):
    """Who is trained on: shuffled reruns have labels of their own."""
    own = wildcards.rerun.startswith("shuffled")
    return (RERUN if own else P).participants.format(**wildcards)


def rerun_split(wildcards):
    """On which folds: the run's, or newly drawn ones."""
    own = wildcards.rerun.startswith("folds")
    return (RERUN if own else P).split.format(**wildcards)


def rerun_predictions(*kinds):
    """Predictions of all folds by name of the rerun."""
    return {
        rerun: expand(RERUN.predictions, rerun=rerun, model="cnn", fold=FOLDS)
        for kind in kinds
        for rerun in RERUNS[kind]
    }


def shape_of(wildcards):
    """The shape that a grid is named after."""
    return [int(size) for size in wildcards.grid.split("x")]


def network_on(wildcards):
    """The run's network for another grid."""
    return NETWORK | {
        "arguments": NETWORK["arguments"] | {"shape": shape_of(wildcards)}
    }


def other_run(files):
    """Files made of another run's; refuses where there is none."""
    if OTHER is None:
        raise WorkflowError(
            "other_run is null; name a finished run under results/, for example: "
            "--config other_run=demo"
        )
    if config["other_run"] == config["run"] or not Path(OTHER.provenance).exists():
        raise WorkflowError(
            f"other_run: '{config['other_run']}' is not another finished run, there is no "
            f"{OTHER.provenance}; run it first, under another name than '{config['run']}'"
        )
    return files


def both_runs(files):
    """Those result files of this run that the other run has too."""
    return [
        path for path in files if Path(path.replace(P.root, OTHER.root, 1)).exists()
    ]
