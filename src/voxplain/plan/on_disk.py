"""What a run's plan owes to files that are already there; nothing else in the plan asks the disk.

A study counts as asked for once its results are there.
"""

from collections.abc import Iterable
from pathlib import Path

from voxplain.errors import ConfigError
from voxplain.run.paths import RunPaths


def tables_made(paths: RunPaths, names: Iterable[str]) -> list[str]:
    """Return those tables of studies that are there.

    Parameters
    ----------
    paths : RunPaths
        Of the run.
    names : iterable of str
        Tables that a run may have.
    """
    return [path for path in map(paths.table, names) if Path(path).exists()]


def figures_made(paths: RunPaths, names: Iterable[str]) -> list[str]:
    """Return the names of those figures of studies that are there.

    Parameters
    ----------
    paths : RunPaths
        Of the run.
    names : iterable of str
        Figures that a run may have.
    """
    return [name for name in names if Path(paths.figure(name)[0]).exists()]


def caption(paths: RunPaths, figure: str, uncaptioned: Path) -> Path:
    """Return the file of a figure's caption; the page writes it later than the figure is drawn.

    Parameters
    ----------
    paths : RunPaths
        Of the run.
    figure : str
        Its name.
    uncaptioned : Path
        Stands for a caption that is not there yet.
    """
    path = Path(paths.caption(figure)).absolute()
    return path if path.exists() else uncaptioned


def is_there(path: str) -> bool:
    """Return whether another run's file is there."""
    return Path(path).exists()


def is_finished(paths: RunPaths) -> bool:
    """Return whether a run has come to its end."""
    return Path(paths.provenance).exists()


def check_other_run(run: str, other_run: str | None) -> None:
    """Refuse what ``other_run`` names, unless it is another finished run.

    Parameters
    ----------
    run, other_run : str
        Names; `other_run` is None where the configuration names none.

    Raises
    ------
    ConfigError
        With a name that would do.
    """
    if other_run is None:
        raise ConfigError(
            "other_run is null; name a finished run under results/, for example: "
            "--config other_run=demo"
        )
    other = RunPaths(other_run)
    if other_run == run or not is_finished(other):
        raise ConfigError(
            f"other_run: '{other_run}' is not another finished run, there is no "
            f"{other.provenance}; run it first, under another name than '{run}'"
        )


def in_both_runs(files: Iterable[str], paths: RunPaths, other: RunPaths) -> list[str]:
    """Return those of a run's files that another run has too.

    Parameters
    ----------
    files : iterable of str
        Below the run's folder.
    paths, other : RunPaths
        Of the run and the other one.
    """
    return [path for path in files if Path(path.replace(paths.root, other.root, 1)).exists()]


def fold_models(other: RunPaths) -> list[str]:
    """Return another run's models of single folds, in the folds' order."""
    return sorted(map(str, Path(other.root).glob("cnn/fold-[0-9]*/model.pt")))
