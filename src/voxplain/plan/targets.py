"""The tables and figures of a run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from voxplain.plan import on_disk
from voxplain.plan.run_plan import RunPlan
from voxplain.run.paths import RunPaths

# Studies are targets of their own; the page shows them once they have been asked for.
STUDY_TABLES = (
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
)
STUDY_FIGURES = ("learning", "truth", "ablation", "ablation_convergence", "grids")
CLAIM_STUDIES = ("ablation", "grids", "roar")  # claims are judged by these


@dataclass(frozen=True)
class Targets:
    """The tables and figures of a run.

    Attributes
    ----------
    plan : RunPlan
        What the run consists of.
    paths : RunPaths
        Where its results lie.
    """

    plan: RunPlan
    paths: RunPaths

    def region_tables(self) -> list[str]:
        """Return the names of the tables of what maps do in atlas regions."""
        atlases = self.plan.table2_atlases
        names = [f"table2_{atlas}" for atlas in atlases]
        names += ["laterality"] if atlases else []
        names += ["networks"] if self.plan.networks else []
        if atlases and self.plan.has_morphometry:
            names += ["morphometry_regions", "morphometry_overlap"]
        return names

    def tables(self) -> list[str]:
        """Return the tables that every run of this configuration has."""
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
            *self.region_tables(),
        ]
        names += ["optimism"] if self.plan.has_morphometry else []
        names += ["faithfulness", "faithfulness_curves", "robustness"]
        if self.plan.has_truth:
            names += ["localisation", "localisation_controls", "localisation_regions"]
        return [self.paths.table(name) for name in names]

    def claim_tables(self) -> list[str]:
        """Return the tables that claims are judged by."""
        importances = [self.paths.table("importances")] if self.plan.has_morphometry else []
        studies = on_disk.tables_made(self.paths, CLAIM_STUDIES)
        return [*self.tables(), *importances, *studies]

    def page_tables(self) -> list[str]:
        """Return the tables that the page shows."""
        refitted = [f"permutations_{model}" for model in self.plan.baseline_models[1:]]
        studies = on_disk.tables_made(self.paths, [*STUDY_TABLES, *refitted])
        return [*self.tables(), self.paths.table("claims"), *studies]

    def rules_of_claims(self, outputs: Mapping[str, Iterable[str]]) -> dict[str, str]:
        """Return which rule makes each table that claims are judged by, by the table's name.

        Parameters
        ----------
        outputs : mapping of iterable of str
            Files of every rule.
        """
        judged = {self.paths.participants, *self.claim_tables()}
        return {
            Path(path).stem: rule
            for rule, paths in outputs.items()
            for path in paths
            if path in judged
        }

    def tabular_outputs(self) -> dict[str, str]:
        """Return the files of all tabular models of a fold, by the names that their script uses."""
        plan, paths = self.plan, self.paths
        files = {model: (paths.predictions, model) for model in plan.tabular_models}
        files |= {
            f"parameters_{model}": (paths.parameters, model) for model in plan.morphometry_models
        }
        files |= {
            f"importances_{model}": (paths.importances, model) for model in plan.importance_models
        }
        return {name: path.replace("{model}", model) for name, (path, model) in files.items()}

    def reference_files(self) -> list[str]:
        """Return claims and participants of the paper's protocol: asked for, or already there."""
        other = RunPaths(self.plan.kan2020_run)
        files = [other.table("claims"), other.participants]
        asked_for = self.plan.config["kan2020_run"] or on_disk.tables_made(other, ["claims"])
        return files if asked_for else []

    def figures(self) -> list[str]:
        """Return the names of the figures that the page shows."""
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
        names += ["stability"] if self.plan.viewer_folds else []
        names += ["projections"] if self.plan.in_mni152 else []
        names += ["regions"] if self.plan.table2_atlases else []
        names += ["localisation"] if self.plan.has_truth else []
        names += ["convergence"] if self.plan.perturbs else []
        names += ["faithfulness", "robustness"]
        return names + on_disk.figures_made(self.paths, STUDY_FIGURES)

    def pictures(self) -> list[str]:
        """Return the PNG files of those figures."""
        return [self.paths.figure(name)[0] for name in self.figures()]

    def figure_files(self) -> list[str]:
        """Return all files of those figures."""
        return [path for name in self.figures() for path in self.paths.figure(name)]
