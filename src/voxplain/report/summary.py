"""Print a run's main numbers: ``python -m voxplain.report.summary results/demo``."""

import sys
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from voxplain import paper
from voxplain.errors import VoxplainError
from voxplain.names import method_name, model_name
from voxplain.run.files import read_table

TOP = 3


def accuracy_table(accuracy: pd.DataFrame) -> Table:
    """Make the terminal table of accuracies, with the paper's."""
    table = Table(
        title="Accuracy on held-out participants",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for heading in ("model", "accuracy", "95 % CI", "chance", "paper", "evidence"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for row in accuracy.itertuples():
        published = paper.ACCURACY.get(row.model)
        table.add_row(
            model_name(row.model),
            f"{row.accuracy:.2f}",
            f"{row.ci_low:.2f}-{row.ci_high:.2f}",
            f"{row.majority:.2f}",
            f"{published.mean:.2f}" if published else "",
            "yes" if row.evidence else "no",
        )
    return table


def localisation_table(localisation: pd.DataFrame) -> Table:
    """Make the terminal table of how well each method finds the planted regions."""
    table = Table(
        title="Planted regions found", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for heading in ("method", "AUC", "random maps (95 %)", "peak inside"):
        table.add_column(heading, justify="left" if heading == "method" else "right")
    for row in localisation.itertuples():
        table.add_row(
            method_name(row.method),
            f"{row.auc:.2f}",
            f"{row.null_auc_p95:.2f}",
            "yes" if row.peak_inside else "no",
        )
    return table


def regions_table(name: str, regions: pd.DataFrame) -> Table:
    """Make the terminal table of an atlas's highest regions per method.

    Parameters
    ----------
    name : str
        Name of the atlas.
    regions : pandas.DataFrame
        The run's table table2_<atlas>.
    """
    table = Table(
        title=f"Highest regions, {name}", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for heading in ("method", "region", "score", "p (FWE)"):
        table.add_column(heading, justify="right" if heading in ("score", "p (FWE)") else "left")
    for row in regions[regions["rank"] <= TOP].itertuples():
        table.add_row(method_name(row.method), row.name, f"{row.score:.4f}", f"{row.p_fwe:.3f}")
    return table


def print_summary(folder: Path, console: Console) -> None:
    """Print accuracy, localisation or else top regions, and where the report is.

    Parameters
    ----------
    folder : Path
        A run's folder, such as ``results/demo``.
    console : rich.console.Console

    Raises
    ------
    VoxplainError
        If the run has not got as far as its report.
    """
    report = folder / "report.html"
    if not report.is_file():
        raise VoxplainError(
            f"{folder}: there is no report.html; finish the run with snakemake, then ask again"
        )
    tables = folder / "tables"
    console.print(accuracy_table(read_table(tables / "accuracy.tsv")))
    if (tables / "localisation.tsv").is_file():
        console.print(localisation_table(read_table(tables / "localisation.tsv")))
    else:
        for path in sorted(tables.glob("table2_*.tsv")):
            name = path.stem.removeprefix("table2_")
            console.print(regions_table(name, read_table(path)))
    console.print("Report:", report.resolve().as_uri(), soft_wrap=True)


def main(arguments: list[str]) -> int:
    """Run the command; returns its exit status."""
    if len(arguments) != 1:
        print("usage: python -m voxplain.report.summary results/RUN", file=sys.stderr)
        return 2
    try:
        print_summary(Path(arguments[0]), Console())
    except VoxplainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
