"""What a run consists of, derived from its configuration alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from voxplain.network.own import source_digest
from voxplain.preparation.settings import RegistrationSettings, preparation_of, registration_of
from voxplain.preparation.spaces import is_mni152
from voxplain.run.config import read_config
from voxplain.run.paths import WHOLE_COHORT, fold_names


def grid_name(shape: Sequence[int]) -> str:
    """Return the name of a grid: ``58x70x58``."""
    return "x".join(map(str, shape))


def grid_shape(name: str) -> list[int]:
    """Return the shape that `grid_name` made a name of."""
    return [int(size) for size in name.split("x")]


@dataclass(frozen=True)
class RunPlan:
    """What a run consists of: its cohort, folds, models, maps, regions and studies.

    Attributes
    ----------
    config : mapping
        All keys; `voxplain.plan.settings.check_config` accepts it.
    """

    config: Mapping[str, Any]

    # Maps that a method must beat; the last has no network that could be randomised.
    controls: ClassVar[list[str]] = ["input_gradient", "edges", "group_difference"]
    sanity_controls: ClassVar[list[str]] = controls[:2]
    table1_models: ClassVar[list[str]] = ["xgboost", "knn", "logistic_regression"]
    voxel_residual: ClassVar[str] = "voxel_svm_tiv_residual"  # in the head-size table alone

    # The cohort.

    @property
    def layout(self) -> str:
        """How the cohort's files are arranged."""
        return str(self.config["cohort"]["layout"])

    @property
    def layout_settings(self) -> dict[str, Any]:
        """Settings of the cohort's layout."""
        return dict(self.config["cohort"][self.layout])

    @property
    def is_synthetic(self) -> bool:
        """Whether the run makes its cohort itself."""
        return self.layout == "synthetic"

    @property
    def has_truth(self) -> bool:
        """Whether it is known where the groups differ."""
        return self.is_synthetic and not self.config["cohort"]["synthetic"]["null_cohort"]

    @property
    def has_morphometry(self) -> bool:
        """Whether participants come with region volumes and thicknesses."""
        return self.is_synthetic or self.layout_settings.get("morphometry") is not None

    @property
    def classes(self) -> list[str]:
        """Names of the two classes, the negative one first."""
        names = self.config["cohort"]["classes"]
        return [names["negative"], names["positive"]]

    @property
    def groups(self) -> list[str]:
        """Groups of participants that have a mean map: each class, and both."""
        return [*self.classes, "conjoined"]

    # The images.

    @property
    def batches(self) -> list[str]:
        """Names of the batches in which images are read."""
        return [f"{k:02d}" for k in range(self.config["volumes"]["batches"])]

    @property
    def cuts_out_template(self) -> bool:
        """Whether the brain in an image is what lies in the template's brain."""
        return bool(self.config["volumes"]["brain_mask"] == "template")

    @property
    def prepares(self) -> bool:
        """Whether brains are extracted and registered before anything else."""
        return preparation_of(self.config) is not None

    @property
    def preparation(self) -> dict[str, Any]:
        """Steps of the preparation; empty where there is none."""
        settings = preparation_of(self.config)
        return {} if settings is None else asdict(settings)

    @property
    def may_extract_brains(self) -> bool:
        """Whether the networks that find brains are needed."""
        return bool(self.preparation["brain_extraction"] != "never")

    @property
    def registration(self) -> RegistrationSettings:
        """How images are brought into MNI152."""
        return registration_of(self.config)

    @property
    def applies_transforms(self) -> bool:
        """Whether each participant comes with a transform to MNI152."""
        return self.registration.method == "transforms"

    @property
    def space(self) -> str:
        """Space of volumes, maps and tables."""
        return self.registration.space_after(self.config["cohort"]["space"])

    @property
    def in_mni152(self) -> bool:
        """Whether that is an MNI152 space, in which the atlases are."""
        return is_mni152(self.space)

    @property
    def claims_mni152(self) -> bool:
        """Whether images are only said to be in MNI152: registered ones are compared with it."""
        return (
            self.in_mni152
            and self.registration.method == "none"
            and not self.is_synthetic
            and self.config["cohort"]["contrast"] == "T1w"
        )

    @property
    def model_input(self) -> dict[str, Any]:
        """What a model file says of the images that the model takes."""
        volumes, cohort = self.config["volumes"], self.config["cohort"]
        return {
            "shape": volumes["shape"],
            "normalisation": volumes["normalisation"],
            "classes": self.classes,
            "space": self.space,
            "contrast": cohort["contrast"],
            "brain_mask": volumes["brain_mask"],
            "registration": self.registration.method,
        }

    # The models.

    @property
    def folds(self) -> list[str]:
        """Names of the folds."""
        return fold_names(self.config["folds"]["n_splits"])

    @property
    def morphometry_models(self) -> list[str]:
        """Models of region volumes and thicknesses."""
        models = [*self.table1_models, "logistic_regression_tiv_residual"]
        return models if self.has_morphometry else []

    @property
    def importance_models(self) -> list[str]:
        """Models that say how much each region counts."""
        return [model for model in self.morphometry_models if model != "knn"]

    @property
    def region_models(self) -> list[str]:
        """Models whose importances are compared with the maps."""
        return ["logistic_regression", "xgboost"] if self.has_morphometry else []

    @property
    def tabular_models(self) -> list[str]:
        """Models of a table, one row a participant."""
        return [*self.morphometry_models, "head_size"]

    @property
    def baseline_models(self) -> list[str]:
        """All models but the network; they can be refitted to permuted labels."""
        return ["voxel_svm", *self.tabular_models]

    @property
    def models(self) -> list[str]:
        """All models."""
        return ["cnn", *self.baseline_models]

    @property
    def learning_models(self) -> list[str]:
        """Models whose fits take at most seconds."""
        quick = ["logistic_regression", "xgboost"] if self.has_morphometry else []
        return ["voxel_svm", *quick, "head_size"]

    @property
    def has_own_network(self) -> bool:
        """Whether the user names a network of their own."""
        return self.config["cnn"]["network"] is not None

    @property
    def network(self) -> dict[str, Any]:
        """Which network, its arguments, and a digest of its code if it is the user's own."""
        return self.network_on(self.config["volumes"]["shape"])

    def network_on(self, shape: Sequence[int]) -> dict[str, Any]:
        """Return the same as `network` for another grid."""
        cnn = self.config["cnn"]
        if self.has_own_network:
            settings, digest = cnn["network_settings"], source_digest(cnn["network"])
        else:
            settings, digest = {key: cnn[key] for key in ("channels", "dropout")}, None
        arguments = {"shape": shape, "n_classes": 2} | settings
        return {"source": cnn["network"], "arguments": arguments, "digest": digest}

    @property
    def training(self) -> dict[str, Any]:
        """Settings of the training alone."""
        of_network = ("network", "network_settings", "channels", "dropout")
        return {key: value for key, value in self.config["cnn"].items() if key not in of_network}

    @property
    def robustness_fold(self) -> str:
        """The fold whose model is trained again and randomised."""
        return str(self.config["evaluation"]["robustness"]["fold"])

    @property
    def variants(self) -> list[str]:
        """Networks of that fold: one of shuffled labels, the others from other seeds."""
        seeds = range(self.config["evaluation"]["robustness"]["seeds"])
        return ["shuffled", *(f"seed-{k + 1}" for k in seeds)]

    # The maps.

    @property
    def methods(self) -> list[str]:
        """Attribution methods."""
        return list(self.config["attribution"]["methods"])

    @property
    def perturbs(self) -> bool:
        """Whether Meaningful Perturbations is among the methods."""
        return "meaningful_perturbation" in self.methods

    @property
    def held_out(self) -> bool:
        """Whether maps are of held-out participants; else the paper's one model explains all."""
        return bool(self.config["attribution"]["model"] == "fold")

    @property
    def map_folds(self) -> list[str]:
        """Folds whose maps make the group maps."""
        return self.folds if self.held_out else [WHOLE_COHORT]

    @property
    def viewer_folds(self) -> list[str]:
        """Folds that the page's viewer shows one by one; the paper's model is its own mean."""
        return self.folds if self.held_out else []

    @property
    def perturbation_folds(self) -> list[str]:
        """Folds that have maps of Meaningful Perturbations."""
        return self.map_folds if self.perturbs else []

    # The regions.

    @property
    def atlases(self) -> dict[str, dict[str, Any]]:
        """Atlases by name."""
        return {atlas["name"]: atlas for atlas in self.config["atlases"]}

    @property
    def table2_atlases(self) -> list[str]:
        """Atlases whose regions have a table each; none where maps and atlases share no space."""
        if not self.in_mni152:
            return []
        return [name for name, atlas in self.atlases.items() if "networks" not in atlas]

    @property
    def networks(self) -> dict[str, Any]:
        """Functional networks that regions belong to, by atlas."""
        if not self.in_mni152:
            return {}
        atlases = self.atlases.items()
        return {name: atlas["networks"] for name, atlas in atlases if "networks" in atlas}

    # Studies that are asked for by name.

    @property
    def repeats(self) -> list[str]:
        """Names of the draws of folds of ``snakemake repeats``."""
        return fold_names(self.config["folds"]["repeats"])

    @property
    def learning_draws(self) -> list[str]:
        """Names of the draws of ``snakemake learning``."""
        return fold_names(self.config["evaluation"]["learning"]["draws"])

    @property
    def reruns(self) -> dict[str, list[str]]:
        """Trainings of ``snakemake seeds`` and ``snakemake shuffled``, by kind."""
        counts = self.config["evaluation"]["retraining"]
        return {kind: [f"{kind}_{k}" for k in fold_names(n)] for kind, n in counts.items()}

    @property
    def grids(self) -> list[str]:
        """Grids of ``snakemake grids``, the run's own left out."""
        shape_of_run = self.config["volumes"]["shape"]
        shapes = self.config["evaluation"]["grids"]
        return [grid_name(shape) for shape in shapes if shape != shape_of_run]

    @property
    def knobs(self) -> list[str]:
        """Settings that ``snakemake ablation`` changes."""
        knobs = self.config["evaluation"]["ablation"]["knobs"]
        return [name for name, values in knobs.items() if values]

    @property
    def everybodys_methods(self) -> list[str]:
        """Methods whose maps of one network of everybody are not those of the run already."""
        return self.methods if self.held_out else []

    @property
    def placed_methods(self) -> list[str]:
        """Methods that can place a network's features in the image in two ways."""
        return [method for method in self.methods if method == "grad_cam"]

    @property
    def other_upsampling(self) -> str:
        """The way to place features that is not the run's."""
        other = {"paper": "receptive_field", "receptive_field": "paper"}
        return other[self.config["attribution"]["grad_cam"]["upsampling"]]

    # Other runs.

    @property
    def kan2020_run(self) -> str:
        """Name of a run of the same participants under the paper's protocol."""
        return self.config["kan2020_run"] or f"{self.config['run']}_kan2020"

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration without the other run, which no result of this one depends on."""
        return {**self.config, "other_run": None}

    def has_defaults(self, defaults: Path) -> bool:
        """Return whether the run's settings are those of a file of defaults."""
        return self.settings == read_config([defaults])
