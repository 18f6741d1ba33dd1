"""Every result path of a run, in one place."""

import posixpath

WHOLE_COHORT = "all"  # name of the paper's extra split, in which all are in training and test set


def fold_names(n_splits: int) -> list[str]:
    """Return "01", "02", ... for `n_splits` folds."""
    return [f"{k:02d}" for k in range(1, n_splits + 1)]


class RunPaths:
    """Result paths of one run, relative to the working directory.

    Some hold Snakemake wildcards: ``{fold}``, ``{method}``, ``{batch}``, ``{atlas}``, ``{model}``,
    ``{participant}``, ``{repeat}``, ``{draw}``, ``{knob}``.

    Parameters
    ----------
    run : str
        Name of the run (``run`` in config.yaml).
    results : str
        Folder that holds all runs.
    """

    def __init__(self, run: str, results: str = "results") -> None:
        root = posixpath.join(results, run)
        self.root = root
        self.logs = f"{root}/logs"
        self.benchmarks = f"{root}/benchmarks"
        self.wheel = f"{results}/wheels/{{wheel}}.whl"
        self.wheel_log = f"{results}/wheels/{{wheel}}.log"

        self.atlas_labels = f"{root}/atlases/{{atlas}}.nii.gz"
        self.atlas_names = f"{root}/atlases/{{atlas}}.tsv"

        # The synthetic cohort is written in the form of real data, and read like them.
        self.source = f"{root}/cohort/source"
        self.source_participants = f"{self.source}/participants.tsv"
        self.source_morphometry = f"{self.source}/morphometry.tsv"
        self.source_images = f"{self.source}/images/batch-{{batch}}"
        self.source_rows = f"{self.source}/images/batch-{{batch}}.tsv"
        self.plan = f"{root}/cohort/plan.tsv"
        self.effect_weights = f"{root}/cohort/effect_weights.npy"
        self.truth = f"{root}/cohort/truth.nii.gz"
        self.truth_names = f"{root}/cohort/truth.tsv"
        # Participants according to tables and headers; the images themselves may exclude more.
        self.read_participants = f"{root}/cohort/read/participants.tsv"
        self.read_left_out = f"{root}/cohort/read/left_out.tsv"
        self.batch = f"{root}/cohort/read/batch-{{batch}}.tsv"
        self.template_mask = f"{root}/cohort/read/template_mask.nii.gz"
        self.participants = f"{root}/cohort/participants.tsv"
        self.left_out = f"{root}/cohort/left_out.tsv"
        self.morphometry = f"{root}/cohort/morphometry.tsv"

        self.preparation = f"{root}/preparation"
        self.prepared_batch = f"{self.preparation}/batches/batch-{{batch}}.tsv"

        self.batch_volumes = f"{root}/volumes/batches/batch-{{batch}}.npy"
        self.batch_quality = f"{root}/volumes/batches/batch-{{batch}}_quality.tsv"
        self.batch_problems = f"{root}/volumes/batches/batch-{{batch}}_problems.json"
        self.batch_grid = f"{root}/volumes/batches/batch-{{batch}}_grid.json"
        self.batch_space = f"{root}/volumes/batches/batch-{{batch}}_space.json"
        self.volumes = f"{root}/volumes/volumes.npy"
        self.grid = f"{root}/volumes/grid.json"
        # Sidecars say which space a file is in and how it got there.
        self.volumes_sidecar = f"{root}/volumes/volumes.json"
        self.brain_mask = f"{root}/volumes/brain_mask.nii.gz"
        self.brain_mask_sidecar = f"{root}/volumes/brain_mask.json"
        self.mean_volume_sidecar = f"{root}/volumes/mean.json"
        self.mean_volume = f"{root}/volumes/mean.nii.gz"
        self.quality = f"{root}/volumes/quality.tsv"

        self.folds = f"{root}/folds/folds.tsv"
        self.split = f"{root}/folds/split-{{fold}}.json"

        self.cnn_check = f"{root}/cnn/check.json"
        self.cnn_model = f"{root}/cnn/fold-{{fold}}/model.pt"
        self.cnn_checkpoint = f"{root}/cnn/fold-{{fold}}/checkpoint.pt"
        self.cnn_history = f"{root}/cnn/fold-{{fold}}/history.tsv"
        self.cnn_metrics = f"{root}/cnn/fold-{{fold}}/metrics.json"
        self.predictions = f"{root}/{{model}}/fold-{{fold}}/predictions.tsv"
        self.parameters = f"{root}/{{model}}/fold-{{fold}}/parameters.json"
        self.importances = f"{root}/{{model}}/fold-{{fold}}/importances.tsv"
        self.gram = f"{root}/voxel_svm/gram.npy"
        self.gram_sums = f"{root}/voxel_svm/sums.npy"

        maps = f"{root}/attribution/{{method}}"
        self.maps = f"{maps}/fold-{{fold}}/maps.npy"
        self.training_maps = f"{maps}/fold-{{fold}}/train_maps.npy"
        self.map_rows = f"{maps}/fold-{{fold}}/participants.tsv"
        self.map_checkpoint = f"{maps}/fold-{{fold}}/checkpoint.pt"
        self.map_timing = f"{maps}/fold-{{fold}}/timing.json"
        self.map_curves = f"{maps}/fold-{{fold}}/curves.tsv"
        self.class_map = f"{maps}/fold-{{fold}}/class-{{label}}_mean.nii.gz"
        self.group_maps = f"{maps}/group/maps.npy"
        self.group_counts = f"{maps}/group/counts.tsv"
        self.group_image = f"{maps}/group/{{group}}_mean.nii.gz"
        self.group_sidecar = f"{maps}/group/{{group}}_mean.json"
        self.participant_sidecar = f"{maps}/participants/{{participant}}_desc-{{method}}_map.json"
        self.participant_map = f"{maps}/participants/{{participant}}_desc-{{method}}_map.nii.gz"

        self.repeat = f"{root}/evaluation/repeats/repeat-{{repeat}}.tsv"
        self.learning_draw = f"{root}/evaluation/learning/draw-{{draw}}.tsv"
        self.masked_fold = f"{root}/evaluation/masked_accuracy/fold-{{fold}}.tsv"
        self.faithfulness_fold = f"{root}/evaluation/faithfulness/fold-{{fold}}.tsv"
        self.faithfulness_curves_fold = f"{root}/evaluation/faithfulness/fold-{{fold}}_curves.tsv"
        self.variant_model = f"{root}/evaluation/robustness/{{variant}}/model.pt"
        self.variant_checkpoint = f"{root}/evaluation/robustness/{{variant}}/checkpoint.pt"
        self.robustness_method = f"{root}/evaluation/robustness/{{method}}.tsv"

        self.roar_fold = f"{root}/evaluation/roar/{{method}}/fold-{{fold}}.tsv"
        self.roar_checkpoint = f"{root}/evaluation/roar/{{method}}/fold-{{fold}}_checkpoint.pt"
        self.ablation_rows = f"{root}/evaluation/ablation/{{knob}}.tsv"
        self.ablation_curves = f"{root}/evaluation/ablation/{{knob}}_curves.tsv"

        point = f"{root}/truth/n-{{n}}_effect-{{effect}}"
        self.truth_accuracy = f"{point}/accuracy.tsv"
        self.truth_localisation = f"{point}/results/point/tables/localisation.tsv"
        self.truth_controls = f"{point}/results/point/tables/localisation_controls.tsv"

        self.tables = f"{root}/tables"
        self.figures = f"{root}/figures"
        self.quality_page = f"{root}/quality.html"
        self.report = f"{root}/report.html"
        self.comparison = f"{root}/comparison.html"
        self.participant_page = f"{root}/participants/{{participant}}.html"
        self.provenance = f"{root}/provenance.json"
        self.settings = f"{root}/settings.yaml"
        self.manifest = f"{root}/manifest.tsv"
        # For sharing, by `snakemake export`.
        self.derivatives = f"{root}/derivatives"
        self.crate = f"{root}/ro-crate-metadata.json"
        self.crate_code = f"{root}/code"

    def below(self, folder: str) -> "RunPaths":
        """Return the same paths below a folder of this run: a part of it done in another way."""
        return RunPaths(folder, self.root)

    def table(self, name: str) -> str:
        """Return the path of one of the run's result tables."""
        return f"{self.tables}/{name}.tsv"

    def table_sidecar(self, name: str) -> str:
        """Return the path of the sidecar with the space of a table's regions."""
        return f"{self.tables}/{name}.json"

    def log(self, rule: str, wildcards: str = "") -> str:
        """Return the log path of a rule.

        Parameters
        ----------
        rule : str
            Name of the rule.
        wildcards : str
            File name of one job's log, such as ``fold-{fold}``; none for a rule with one job.
        """
        return f"{self.logs}/{rule}{'/' if wildcards else ''}{wildcards}.log"

    def benchmark(self, rule: str, wildcards: str = "") -> str:
        """Return the path of a rule's time and memory record.

        Parameters
        ----------
        rule, wildcards : str
            As of `log`.
        """
        return f"{self.benchmarks}/{rule}{'/' if wildcards else ''}{wildcards}.tsv"

    def figure(self, name: str) -> tuple[str, str, str]:
        """Return the PNG, SVG and data (TSV) paths of one of the run's figures."""
        figure = f"{self.figures}/{name}"
        return f"{figure}.png", f"{figure}.svg", f"{figure}.tsv"

    def caption(self, name: str) -> str:
        """Return the path of a figure's caption for Snakemake's own report."""
        return f"{self.figures}/{name}.rst"
