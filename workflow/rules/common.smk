"""Names that every rule file uses: paths, folds, methods and source hashes."""

from pathlib import Path

from voxplain.manifest import source_hash
from voxplain.paths import WHOLE_COHORT, RunPaths, fold_names

P = RunPaths(config["run"])
FOLDS = fold_names(config["folds"]["n_splits"])
METHODS = config["attribution"]["methods"]
CLASSES = [config["cohort"]["classes"][k] for k in ("negative", "positive")]
GROUPS = [*CLASSES, "conjoined"]
ATLASES = {atlas["name"]: atlas for atlas in config["atlases"]}
BATCHES = [f"{k:02d}" for k in range(config["volumes"]["batches"])]
SYNTHETIC = config["cohort"]["layout"] == "synthetic"
HAS_TRUTH = SYNTHETIC and not config["cohort"]["synthetic"]["null_cohort"]
HAS_MORPHOMETRY = SYNTHETIC or config["cohort"]["table"]["morphometry"] is not None
MORPHOMETRY_MODELS = (
    ["xgboost", "knn", "logistic_regression"] if HAS_MORPHOMETRY else []
)
MODELS = ["cnn", "voxel_svm", *MORPHOMETRY_MODELS, "head_size"]
# Atlas tables need inputs in the atlas's space.
TABLE2_ATLASES = list(ATLASES) if config["cohort"]["space"] == "MNI152" else []
# Folds whose maps make the group maps: the held-out ones, or the paper's in-sample model.
MAP_FOLDS = FOLDS if config["attribution"]["model"] == "fold" else [WHOLE_COHORT]
ENVIRONMENT = f"../../envs/{'gpu' if config['gpu'] else 'cpu'}.yaml"


wildcard_constraints:
    fold=r"\d\d|all",
    batch=r"\d\d",
    method="|".join(METHODS),
    atlas="|".join(ATLASES) or "none",


def code(script):
    """Hash of a script and of all of voxplain that it imports: a changed kernel re-runs its results."""
    return source_hash(Path(workflow.basedir) / "workflow" / "scripts" / script)


def all_tables():
    names = [
        "accuracy",
        "table1",
        "table3",
        "masked_accuracy",
        "first_layer",
        "runtime",
        "claims",
    ]
    names += [f"table2_{atlas}" for atlas in TABLE2_ATLASES]
    names += ["localisation"] if HAS_TRUTH else []
    return [P.table(name) for name in names]


def all_figures():
    names = [
        "fig1",
        "fig2a",
        "fig2b",
        "fig2c",
        "fig3",
        "accuracy",
        "history",
        "quality",
        "masked_accuracy",
        "table3",
    ]
    names += ["localisation"] if HAS_TRUTH else []
    return [path for name in names for path in P.figure(name)]


def check_settings():
    """Refuse settings that the schema cannot see to be impossible."""
    if not SYNTHETIC and config["cohort_root"] is None:
        raise WorkflowError(
            "cohort.layout is table but cohort_root is not set; name the folder of your data, "
            "for example: --config cohort_root=/data/my_study"
        )
    if len(ATLASES) < len(config["atlases"]):
        raise WorkflowError(
            "atlases: two atlases have the same name; names must differ"
        )
    unknown = {
        region["atlas"] for region in config["cohort"]["synthetic"]["regions"]
    } - set(ATLASES)
    if SYNTHETIC and unknown:
        raise WorkflowError(
            f"cohort.synthetic.regions: no such atlas: {', '.join(sorted(unknown))}; "
            f"atlases has {', '.join(ATLASES)}"
        )


check_settings()
