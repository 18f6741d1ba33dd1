"""The report's section on prediction: accuracy, comparisons, confounds and calibration."""

import pandas as pd

from voxplain import paper
from voxplain.names import model_name, number
from voxplain.report.answer import class_names, with_model_names
from voxplain.report.blocks import Block, Note, Text, picture
from voxplain.report.results import RunResults
from voxplain.report.sections import resampling, studies
from voxplain.report.tables import Table, table
from voxplain.stats.over_folds import ALPHA

ACCURACY = (
    "model",
    "n",
    "accuracy",
    "ci_low",
    "ci_high",
    "boot_low",
    "boot_high",
    "mean",
    "sd",
    "balanced_accuracy",
    "recall_negative",
    "recall_positive",
    "mcc",
    "auc",
    "auc_low",
    "auc_high",
    "majority",
    "p_permutation",
    "evidence",
)
MATCHING = ("n_pairs", "caliper_ml", "d_all", "d_matched")  # one value for all models
CALIBRATION = ("model", "brier", "calibration_slope", "calibration_intercept")


def prediction(results: RunResults) -> list[Block]:
    """Assemble the section's blocks.

    Parameters
    ----------
    results : RunResults
    """
    return [
        *_accuracy(results),
        *_comparisons(results),
        *_head_size(results),
        *_confounds(results),
        *resampling.permutations(results),
        *studies.shuffled(results),
        *resampling.repeats(results),
        *studies.seeds(results),
        *resampling.learning(results),
        *studies.grids(results),
        *_calibration(results),
        _table1(results),
        *_optimism(results),
        picture(
            results,
            "fig1",
            "Figure 1. Coefficients of the logistic regression on morphometry, mean and standard "
            "deviation over folds; points are folds. The paper names corpus callosum, insula, "
            "thalamus and white-matter hypointensities.",
            "Bars of the largest logistic-regression coefficients with their spread over folds",
        ),
        picture(
            results,
            "history",
            "Training of the network. Thin lines are folds. Nothing was chosen by the held-out "
            "curves.",
            "Loss and accuracy over epochs for training and held-out participants",
        ),
    ]


def _accuracy(results: RunResults) -> list[Block]:
    accuracy = results.accuracy
    if accuracy is None:
        return [Note("No model has made predictions in this run.")]
    shown = accuracy[[column for column in ACCURACY if column in accuracy]].assign(
        paper_mean=accuracy["model"].map({m: v.mean for m, v in paper.ACCURACY.items()}),
        paper_sd=accuracy["model"].map({m: v.sd for m, v in paper.ACCURACY.items()}),
    )
    shown = with_model_names(results.participants, shown)
    return [
        picture(
            results,
            "accuracy",
            "Accuracy of all models on held-out participants, with Wilson 95 % intervals, the "
            "larger class (dashed) and the paper's values.",
            "Accuracy of each model with its confidence interval, and the paper's value",
        ),
        table(
            shown,
            "table-accuracy",
            "Accuracy of all models on the same folds.",
            "tables/accuracy.tsv",
        ),
        *_below_chance(shown),
    ]


def _below_chance(accuracy: pd.DataFrame) -> list[Block]:
    """Explain why models without information may lie below the larger class."""
    models = accuracy.loc[accuracy["ci_high"] < accuracy["majority"], "model"]
    if models.empty:
        return []
    return [
        Note(
            f"Below the larger class: {', '.join(models)}. Cross-validation causes this in models "
            "without information: if training participants differ by chance, the held-out ones "
            "differ in the other direction (Jamalabadi et al. 2016). It does not mean that a model "
            "has learnt something."
        )
    ]


def _comparisons(results: RunResults) -> list[Block]:
    comparisons = results.comparisons
    if comparisons is None:
        return [Note("The models were not compared with each other in this run.")]
    apart = int((comparisons["p_holm"] < ALPHA).sum())
    return [
        Text(
            f"{apart} of {len(comparisons)} pairs of models differ in accuracy by the corrected "
            "resampled t-test over the shared folds, Holm over the pairs."
        ),
        table(
            with_model_names(results.participants, comparisons),
            "table-comparisons",
            "Every pair of models: first minus second, over folds and pooled over held-out "
            "participants (families resampled).",
            "tables/comparisons.tsv",
            folded=True,
        ),
    ]


def _head_size(results: RunResults) -> list[Block]:
    data = results.head_size
    if data is None:
        return [Note("Accuracy was not compared with head size in this run.")]
    shared, people = data.iloc[0], results.participants
    return [
        picture(
            results,
            "head_size",
            "Head size. Accuracy on all participants, on pairs matched for head size, of models "
            "adjusted for head size, and of head size alone.",
            "Accuracy of each model on all participants and on pairs matched for head size",
            n=None if people is None else f"{len(people)}, and {int(shared['n_pairs'])} pairs",
        ),
        Text(
            f"{int(shared['n_pairs'])} pairs of held-out participants, one of each class, differ "
            f"in head size by at most {number(shared['caliper_ml'])} ml. Before matching the "
            f"classes differ by {shared['d_all']:+.2f} standard deviations, after it by "
            f"{shared['d_matched']:+.2f}."
            if shared["n_pairs"]
            else "No two held-out participants of different classes have a similar head size, so "
            "the accuracy at equal head size is unknown."
        ),
        table(
            with_model_names(results.participants, data.drop(columns=list(MATCHING))),
            "table-head-size",
            "Accuracy of all models on all participants and on pairs matched for head size (chance "
            "0.5). To adjust the SVM on voxels, a cubic in head size is regressed out of each "
            "voxel. It is linear and scaled by its own residuals: compare it with chance, not with "
            "the other SVM.",
            "tables/head_size.tsv",
        ),
    ]


def _confounds(results: RunResults) -> list[Block]:
    confounds = results.confounds
    if confounds is None:
        return [Note("Confounds were not examined in this run.")]
    return [
        table(
            confounds.assign(confound=confounds["confound"].str.replace("_", " ")),
            "table-confounds",
            "Other variables that may differ between the classes, and how well each alone predicts "
            "the class (logistic regression on the models' folds).",
            "tables/confounds.tsv",
        )
    ]


def _calibration(results: RunResults) -> list[Block]:
    accuracy = results.accuracy
    if accuracy is None or "brier" not in accuracy:
        return [Note("The models' probabilities were not checked in this run.")]
    positive = class_names(results.config)[1]
    return [
        picture(
            results,
            "calibration",
            f"Calibration. How often participants are {positive}, over the probability of "
            f"{positive} that a model gave them.",
            f"Observed rate of {positive} over predicted probability, one panel per model",
        ),
        table(
            with_model_names(
                results.participants, accuracy[list(CALIBRATION)].dropna(subset="brier")
            ),
            "table-calibration",
            "Brier score (0.25: always one half), calibration slope (below 1: overconfident) and "
            "intercept (0: unbiased). The SVM's scores are not probabilities.",
            "tables/accuracy.tsv",
        ),
    ]


def _table1(results: RunResults) -> Table | Note:
    table1 = results.table1
    if table1 is None:
        published = ", ".join(
            f"{model_name(model)} {paper.ACCURACY[model].mean:.2f} ± {paper.ACCURACY[model].sd:.2f}"
            for model in paper.TABLE1_MODELS
        )
        return Note(
            "Table 1: this cohort has no morphometry, so its three models were not fitted (the "
            f"paper: {published})."
        )
    return table(
        table1,
        "table-1",
        f"Table 1. Models on morphometry, nested {results.config['folds']['n_splits']}-fold "
        "cross-validation, with the paper's values.",
        "tables/table1.tsv",
    )


def _optimism(results: RunResults) -> list[Block]:
    optimism = results.optimism
    if optimism is None:
        return []
    return [
        table(
            optimism,
            "table-optimism",
            "Accuracy with hyper-parameters chosen on the test folds, as in the paper, and with "
            "nested selection.",
            "tables/optimism.tsv",
        )
    ]
