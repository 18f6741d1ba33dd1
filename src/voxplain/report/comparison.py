"""A page that sets two runs side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from voxplain.columns import heading
from voxplain.report.blocks import Block, Note, Section, Text, picture
from voxplain.report.page import render
from voxplain.report.results import RunResults
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
    "fig2a",
    "fig2b",
    "fig2c",
    "accuracy",
    "masked_accuracy",
    "localisation",
    "faithfulness",
    "robustness",
)


def comparison_page(runs: Sequence[RunResults]) -> str:
    """Render the page.

    Parameters
    ----------
    runs : sequence of RunResults
        Two runs; the page says in words which table or figure a run does not have.

    Returns
    -------
    str
        One self-contained HTML page.
    """
    sections = [
        Section("settings", "What differs in the settings", _settings(runs)),
        *(
            Section(name, title, [_side_by_side(name, keys, shown, runs)])
            for name, (title, keys, shown) in TABLES.items()
        ),
        Section("figures", "Figures", _figures(runs)),
    ]
    return render(
        " and ".join(results.run for results in runs),
        "Two runs side by side. A difference between them has not been tested: look at the "
        "intervals. How the models of one run compare is in that run's report.",
        _answer(runs),
        [],
        sections,
    )


def _answer(runs: Sequence[RunResults]) -> str:
    sentences = []
    for results in runs:
        if results.accuracy is None:
            sentences.append(f"{results.run} has no table of accuracy.")
            continue
        cnn = results.accuracy.set_index("model").loc["cnn"]
        sentences.append(
            f"{results.run}: the network is right for {cnn['accuracy']:.1%} of {int(cnn['n'])} "
            f"held-out participants (95 % interval {cnn['ci_low']:.1%} to {cnn['ci_high']:.1%})."
        )
    return " ".join(sentences)


def _side_by_side(
    name: str, keys: list[str], shown: list[str], runs: Sequence[RunResults]
) -> Table | Note:
    """Put each row of the first run above the same row of the second."""
    tables = {results.run: getattr(results, name) for results in runs}
    missing = [run for run, data in tables.items() if data is None]
    if missing:
        return Note(f"tables/{name}.tsv is missing in {' and '.join(missing)}.")
    both = pd.concat([data[[*keys, *shown]].assign(run=run) for run, data in tables.items()])
    order = both.groupby(keys, sort=False, dropna=False).ngroup()
    both = both.iloc[order.argsort(kind="stable")]
    labels = {column: heading(name, column) for column in (*keys, *shown)}
    return table(
        both[[*keys, "run", *shown]],
        f"compared-{name}",
        f"tables/{name}.tsv of both runs.",
        labels=labels,
    )


def _settings(runs: Sequence[RunResults]) -> list[Block]:
    flat = {results.run: _flat(results.config) for results in runs}
    rows = [
        {"setting": key} | {run: settings.get(key, "") for run, settings in flat.items()}
        for key in sorted(set().union(*flat.values()))
        if len({settings.get(key) for settings in flat.values()}) > 1
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


def _figures(runs: Sequence[RunResults]) -> list[Block]:
    blocks: list[Block] = []
    for name in FIGURES:
        for results in runs:
            run = results.run
            block = picture(results, name, f"{name}, {run}.", f"{name} of the run {run}")
            if not isinstance(block, Note):
                source = f"../{run}/figures/{name}"
                block = replace(block, identifier=f"{block.identifier}-{run}", source=source)
            blocks.append(block)
    return blocks
