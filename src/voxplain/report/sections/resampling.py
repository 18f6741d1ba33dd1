"""The cheaper models again: on permuted labels, other folds, smaller cohorts."""

import pandas as pd

from voxplain.report.answer import with_model_names
from voxplain.report.blocks import Block, on_request, picture
from voxplain.report.results import RunResults
from voxplain.report.tables import table


def permutations(results: RunResults) -> list[Block]:
    """Show the accuracy of all models but the network on permuted labels."""
    if not results.permutations:
        missing = "No model was refitted to permuted labels"
        return [on_request(results, "permutations", missing)]
    rows = pd.concat(results.permutations.values(), ignore_index=True)
    blocks: list[Block] = [
        table(
            with_model_names(results.participants, rows),
            "table-permutations",
            "Accuracy, and that of the same model refitted to permuted labels, with whole families "
            "exchanged inside each fold.",
            ", ".join(f"tables/permutations_{model}.tsv" for model in results.permutations),
        )
    ]
    if len(results.permutations) == 1:
        missing = "The other models were not refitted to permuted labels"
        blocks.append(on_request(results, "permutations", missing))
    return blocks


def repeats(results: RunResults) -> list[Block]:
    """Show repeated cross-validation, with families kept together and split."""
    rows = results.repeats
    if rows is None:
        missing = "Repeated cross-validation was not run"
        return [on_request(results, "repeats", missing)]
    return [
        table(
            with_model_names(results.participants, rows),
            "table-repeats",
            "Accuracy of all models but the network over newly drawn folds: with families kept "
            "together, and split between training and test sets as if they were unknown.",
            "tables/repeats.tsv",
        )
    ]


def learning(results: RunResults) -> list[Block]:
    """Show accuracy over the number of training participants."""
    curves = results.learning
    if curves is None:
        missing = (
            "Learning curves, which show whether a larger cohort would help, were not computed"
        )
        return [on_request(results, "learning", missing)]
    return [
        picture(
            results,
            "learning",
            "Learning curves. Accuracy on all held-out participants over the number of training "
            "participants: mean and range of the draws. The largest number is this run itself.",
            "Accuracy of all models but the network over the number of training participants",
        ),
        table(
            with_model_names(results.participants, curves),
            "table-learning",
            "Accuracy over the number of training participants.",
            "tables/learning.tsv",
            folded=True,
        ),
    ]
