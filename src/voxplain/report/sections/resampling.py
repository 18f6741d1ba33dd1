"""Models without a network drawn again: permuted labels, other folds, smaller cohorts."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from voxplain.report.answer import with_model_names
from voxplain.report.blocks import Note, Picture, command, picture
from voxplain.report.tables import Table, table

# The common labels of these columns speak of random maps.
PERMUTED_LABELS = {
    "null_mean": "permuted labels: mean",
    "null_p95": "permuted labels: 95th percentile",
}
PERMUTED = "permutations_"


def permutations(context: Mapping[str, Any]) -> list:
    """Show what the models without a network reach on permuted labels."""
    done = [name for name in context if name.startswith(PERMUTED) and context[name] is not None]
    if not done:
        return [
            Note(
                "No model was refitted to permuted labels: "
                f"{command(context, 'permutations')} does it."
            )
        ]
    rows = pd.concat([context[name] for name in done], ignore_index=True)
    blocks: list = [
        table(
            with_model_names(context, rows),
            "table-permutations",
            "Accuracy beside that of the same model refitted to permuted labels, families "
            "exchanged whole inside each fold.",
            ", ".join(f"tables/{name}.tsv" for name in done),
            labels=PERMUTED_LABELS,
        )
    ]
    if len(done) == 1:
        blocks.append(Note(f"The same for the other models: {command(context, 'permutations')}."))
    return blocks


def repeats(context: Mapping[str, Any]) -> list[Table | Note]:
    """Show repeated cross-validation, with families together and divided."""
    rows = context.get("repeats")
    if rows is None:
        return [
            Note(f"Repeated cross-validation was not run: {command(context, 'repeats')} does it.")
        ]
    return [
        table(
            with_model_names(context, rows),
            "table-repeats",
            "Accuracy of the models without a network over newly drawn folds: families kept "
            "together, and divided between training and test as if they were unknown.",
            "tables/repeats.tsv",
        )
    ]


def learning(context: Mapping[str, Any]) -> list[Picture | Table | Note]:
    """Show accuracy over the number of training participants."""
    curves = context.get("learning")
    if curves is None:
        return [
            Note(
                f"Whether a larger cohort would help was not asked: {command(context, 'learning')} "
                "draws learning curves of the models without a network."
            )
        ]
    return [
        picture(
            context,
            "learning",
            "Learning curves. Accuracy on everybody held out over the number of training "
            "participants: mean of the draws, and their range. The largest is this run itself.",
            "Accuracy of the models without a network over the number of training participants",
        ),
        table(
            with_model_names(context, curves),
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
