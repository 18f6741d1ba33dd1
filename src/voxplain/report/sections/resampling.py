"""Models without a network drawn again: permuted labels, other folds, smaller cohorts."""

import pandas as pd

from voxplain.report.answer import with_model_names
from voxplain.report.blocks import Note, Picture, command, picture
from voxplain.report.results import RunResults
from voxplain.report.tables import Table, table

# The common labels of these columns speak of random maps.
PERMUTED_LABELS = {
    "null_mean": "permuted labels: mean",
    "null_p95": "permuted labels: 95th percentile",
}


def permutations(results: RunResults) -> list:
    """Show what the models without a network reach on permuted labels."""
    if not results.permutations:
        return [
            Note(
                "No model was refitted to permuted labels: "
                f"{command(results, 'permutations')} does it."
            )
        ]
    rows = pd.concat(results.permutations.values(), ignore_index=True)
    blocks: list = [
        table(
            with_model_names(results.participants, rows),
            "table-permutations",
            "Accuracy beside that of the same model refitted to permuted labels, families "
            "exchanged whole inside each fold.",
            ", ".join(f"tables/permutations_{model}.tsv" for model in results.permutations),
            labels=PERMUTED_LABELS,
        )
    ]
    if len(results.permutations) == 1:
        blocks.append(Note(f"The same for the other models: {command(results, 'permutations')}."))
    return blocks


def repeats(results: RunResults) -> list[Table | Note]:
    """Show repeated cross-validation, with families together and divided."""
    rows = results.repeats
    if rows is None:
        return [
            Note(f"Repeated cross-validation was not run: {command(results, 'repeats')} does it.")
        ]
    return [
        table(
            with_model_names(results.participants, rows),
            "table-repeats",
            "Accuracy of the models without a network over newly drawn folds: families kept "
            "together, and divided between training and test as if they were unknown.",
            "tables/repeats.tsv",
        )
    ]


def learning(results: RunResults) -> list[Picture | Table | Note]:
    """Show accuracy over the number of training participants."""
    curves = results.learning
    if curves is None:
        return [
            Note(
                f"Whether a larger cohort would help was not asked: {command(results, 'learning')} "
                "draws learning curves of the models without a network."
            )
        ]
    return [
        picture(
            results,
            "learning",
            "Learning curves. Accuracy on everybody held out over the number of training "
            "participants: mean of the draws, and their range. The largest is this run itself.",
            "Accuracy of the models without a network over the number of training participants",
        ),
        table(
            with_model_names(results.participants, curves),
            "table-learning",
            "Accuracy over the number of training participants.",
            "tables/learning.tsv",
            folded=True,
            labels={
                "share": "share of the training participants",
                "n_train": "training participants, mean of folds",
                "accuracy_low": "lowest draw",
                "accuracy_high": "highest draw",
                "chance_high": "larger class: 97.5th percentile",
            },
        ),
    ]
