"""A page that sets two runs side by side."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from voxplain.report.blocks import Note, Section, Text, picture
from voxplain.report.page import render
from voxplain.report.tables import Table, table

# What is compared: title, columns that name a row and columns that are shown, by name of the table.
TABLES = {
    "accuracy": ("Prediction", ["model"], ["n", "accuracy", "ci_low", "ci_high", "evidence"]),
    "head_size": (
        "Head size",
        ["model"],
        ["matched_accuracy", "matched_low", "matched_high", "p_matched"],
    ),
    "masked_accuracy": (
        "Masked accuracy",
        ["method", "mask", "control"],
        ["accuracy_mean", "random_mean", "p_random"],
    ),
    "table3": (
        "Agreement between methods",
        ["method_a", "method_b"],
        ["agreement", "dice_equal_area", "null_p95", "p_null"],
    ),
    "localisation": ("Localisation", ["method"], ["auc", "null_auc_p95", "p_auc"]),
    "robustness": ("Sanity and stability", ["method", "kind", "level"], ["spearman", "dice"]),
    "claims": ("The paper's claims", ["claim"], ["ours", "chance", "verdict"]),
}
FIGURES = (
    *("fig2a", "fig2b", "fig2c", "accuracy", "masked_accuracy", "localisation"),
    *("faithfulness", "robustness"),
)


def build_comparison(contexts: Mapping[str, Mapping[str, Any]]) -> str:
    """Render the page.

    Parameters
    ----------
    contexts : mapping
        Two runs by name: config (dict), figures (dict of name to PNG path) and the runs' tables by
        name. What one of them lacks is said to be missing.

    Returns
    -------
    str
        One self-contained HTML page.
    """
    sections = [
        Section("settings", "What differs in the settings", _settings(contexts)),
        *(
            Section(name, title, [_side_by_side(name, keys, shown, contexts)])
            for name, (title, keys, shown) in TABLES.items()
        ),
        Section("figures", "Figures", _figures(contexts)),
    ]
    return render(
        " and ".join(contexts),
        "Two runs side by side. A difference between them is no test: see the intervals, and for "
        "models of one run its own report.",
        _answer(contexts),
        [],
        sections,
    )


def _answer(contexts: Mapping[str, Mapping[str, Any]]) -> str:
    said = []
    for run, context in contexts.items():
        if context.get("accuracy") is None:
            said.append(f"{run} has no table of accuracy")
            continue
        cnn = context["accuracy"].set_index("model").loc["cnn"]
        said.append(
            f"{run}: the network is right about {cnn['accuracy']:.1%} of {int(cnn['n'])} held-out "
            f"participants (95 % interval {cnn['ci_low']:.1%} to {cnn['ci_high']:.1%})"
        )
    return "; ".join(said) + "."


def _side_by_side(
    name: str, keys: list[str], shown: list[str], contexts: Mapping[str, Mapping[str, Any]]
) -> Table | Note:
    """Put each row of the first run above the same row of the second."""
    lacking = [run for run, context in contexts.items() if context.get(name) is None]
    if lacking:
        return Note(f"There is no tables/{name}.tsv of {' and '.join(lacking)}.")
    both = pd.concat(
        [context[name][[*keys, *shown]].assign(run=run) for run, context in contexts.items()]
    )
    order = both.groupby(keys, sort=False, dropna=False).ngroup()
    both = both.iloc[order.argsort(kind="stable")]
    return table(
        both[[*keys, "run", *shown]], f"compared-{name}", f"tables/{name}.tsv of both runs."
    )


def _settings(contexts: Mapping[str, Mapping[str, Any]]) -> list:
    flat = {run: _flat(context["config"]) for run, context in contexts.items()}
    rows = [
        {"setting": key, **{run: own.get(key, "") for run, own in flat.items()}}
        for key in sorted(set().union(*flat.values()))
        if len({own.get(key) for own in flat.values()}) > 1
    ]
    if not rows:
        return [Text("All settings are the same.")]
    return [table(pd.DataFrame(rows), "table-settings", "Settings that differ.")]


def _flat(config: Mapping[str, Any], above: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{above}{key}.")
        else:
            flat[above + key] = "null" if value is None else str(value)
    return flat


def _figures(contexts: Mapping[str, Mapping[str, Any]]) -> list:
    blocks: list = []
    for name in FIGURES:
        for run, context in contexts.items():
            block = picture(context, name, f"{name}, {run}.", f"{name} of the run {run}")
            if not isinstance(block, Note):
                source = f"../{run}/figures/{name}.svg"
                block = replace(block, identifier=f"{block.identifier}-{run}", source=source)
            blocks.append(block)
    return blocks
