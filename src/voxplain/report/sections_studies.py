"""Blocks of the studies that are asked for by name; without them, how to ask."""

from collections.abc import Mapping
from typing import Any

from voxplain.report.blocks import Note, Text, picture
from voxplain.report.tables import number, table

CHANGED = {"seeds": "the seed, on the same folds", "folds": "the folds, and the seed"}


def seeds(context: Mapping[str, Any]) -> list:
    """Show what the network's accuracy owes to one seed and one draw of folds."""
    rows = context.get("seeds")
    if rows is None:
        return [Note("The network was trained from one seed only: snakemake seeds trains more.")]
    return [
        table(
            rows.assign(changed=rows["changed"].map(CHANGED)).rename(
                columns={
                    "n_runs": "runs, this one among them",
                    "accuracy_mean": "accuracy, mean of runs",
                    "accuracy_sd": "sd of runs",
                    "accuracy_low": "lowest",
                    "accuracy_high": "highest",
                    "flipped": "participants called otherwise",
                }
            ),
            "table-seeds",
            "The network trained again: pooled accuracy on held-out participants, and the share of "
            "them whose class differs between two runs.",
            "tables/seeds.tsv",
        )
    ]


def shuffled(context: Mapping[str, Any]) -> list:
    """Show the accuracy of networks that were trained on labels that mean nothing."""
    rows = context.get("shuffled")
    if rows is None:
        return [
            Note(
                "The network was not trained on shuffled labels in all folds: snakemake shuffled "
                "does it."
            )
        ]
    null = rows[rows["labels"] != "true"]
    return [
        Text(
            f"{int(null['inside'].sum())} of {len(null)} networks trained on shuffled labels lie "
            "within what chance gives, "
            f"{number(null['chance_low'].min())} to {number(null['chance_high'].max())}."
        ),
        table(
            rows.rename(
                columns={
                    "chance_low": "chance: 2.5th percentile",
                    "chance_high": "chance: 97.5th percentile",
                    "inside": "within chance",
                }
            ),
            "table-shuffled",
            "The network on true labels and on labels permuted between families of one size and "
            "fold. Chance: the same predictions against labels permuted so again.",
            "tables/shuffled.tsv",
        ),
    ]


def truth(context: Mapping[str, Any]) -> list:
    """Show when each method can be believed, over cohort sizes and effect sizes."""
    if context.get("truth") is None:
        return [
            Note(
                "When each method can be believed, over cohort sizes and effect sizes, was not "
                "asked: snakemake truth does it."
            )
        ]
    return [
        picture(
            context,
            "truth",
            "When each method can be believed: area under the ROC curve of the group maps against "
            "the planted regions, over effect size and cohort size. Filled: above the 95th "
            "percentile of smooth random maps.",
            "Localisation of each method over effect sizes, one panel per cohort size",
        ),
        table(
            context["truth"],
            "table-truth",
            "Localisation over cohort sizes and effect sizes.",
            "tables/truth.tsv",
            folded=True,
        ),
    ]
