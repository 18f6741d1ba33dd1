"""What a section of the report is made of."""

import base64
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from voxplain.report.results import RunResults
from voxplain.report.tables import Table
from voxplain.report.viewer import Viewer


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str
    kind: str = field(default="text", init=False)


@dataclass(frozen=True)
class Note:
    """A sentence in place of something that the run does not have."""

    text: str
    kind: str = field(default="note", init=False)


@dataclass(frozen=True)
class Code:
    """A folded listing."""

    title: str
    text: str
    kind: str = field(default="code", init=False)


@dataclass(frozen=True)
class Picture:
    """A figure with its caption; `data` is a base64 PNG."""

    identifier: str
    caption: str
    alt: str
    data: str
    source: str
    kind: str = field(default="picture", init=False)


@dataclass(frozen=True)
class Drawing:
    """An SVG inside the page; `markup` is trusted, so its text must be escaped."""

    caption: str
    markup: Markup
    kind: str = field(default="drawing", init=False)


Block = Text | Note | Code | Picture | Drawing | Table | Viewer


@dataclass(frozen=True)
class Section:
    """A part of the report with a heading and an anchor."""

    identifier: str
    title: str
    blocks: Sequence[Block]


def command(results: RunResults, target: str, *options: str) -> str:
    """Return the command that makes a target of this run, ready to be copied.

    Parameters
    ----------
    results : RunResults
        Its `settings_file` holds the run's settings; without it they are the defaults.
    target : str
        Of the workflow.
    *options : str
        Further words of the command.
    """
    words = ["snakemake", target]
    if results.settings_file:
        words += ["--configfile", results.settings_file]
    return f"`{shlex.join([*words, *options])}`"


def on_request(results: RunResults, target: str, missing: str, *options: str) -> Note:
    """Say what this run has not computed, and the command that computes it.

    Parameters
    ----------
    results : RunResults
    target : str
        Of the workflow.
    missing : str
        A sentence without its full stop.
    *options : str
        Further words of the command.
    """
    return Note(f"{missing}. To compute it: {command(results, target, *options)}.")


def picture(
    results: RunResults, name: str, caption: str, alt: str, n: str | None = None
) -> Picture | Note:
    """Embed a figure of the run, or say that the run did not draw it.

    Parameters
    ----------
    results : RunResults
    name : str
        The figure's file without suffix.
    caption, alt : str
        What it shows, and the text for people who cannot see it.
    n : str, optional
        The number of participants or maps, if that is not the whole cohort.
    """
    path = results.figures.get(name)
    if path is None:
        return Note(f"{caption.split('.')[0]}: this run did not draw it.")
    data = base64.b64encode(Path(path).read_bytes()).decode("ascii")
    caption = f"{caption} {_protocol(results, n)}"
    return Picture(f"figure-{name}", caption, alt, data, f"figures/{name}")


def counted(numbers: pd.Series) -> str:
    """Write a number, or the range if it varies."""
    low, high = int(numbers.min()), int(numbers.max())
    return str(low) if low == high else f"{low} to {high}"


def _protocol(results: RunResults, n: str | None) -> str:
    """Write n, protocol and seed, the end of every caption."""
    config, people = results.config, results.participants
    if n is None and people is not None:
        n = str(len(people))
    n = "" if n is None else f"n = {n}; "
    explained = "" if config["attribution"]["model"] == "fold" else "maps in-sample, "
    folds = f"{config['folds']['n_splits']}-fold"
    return f"({n}{protocol_name(config)}, {folds}, {explained}seed {config['seed']}.)"


def protocol_name(config: Mapping[str, Any]) -> str:
    """Name the protocol by the settings in which the paper's and the default differ in kind.

    Sizes do not count: the paper's protocol on a small cohort is still the paper's.
    """
    attribution = config["attribution"]
    papers = (
        attribution["model"] == "all",
        attribution["target"] == "predicted_class",
        attribution["grad_cam"]["upsampling"] == "paper",
        config["volumes"]["normalisation"] == "none",
        config["folds"]["groups"] == "none",
    )
    if all(papers):
        return "kan2020 protocol"
    return "mixed protocol" if any(papers) else "default protocol"
