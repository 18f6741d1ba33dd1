"""One self-contained HTML page: no request leaves it, and it works without scripts."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from voxplain import paper
from voxplain.report.answer import answer
from voxplain.report.blocks import Picture, Section
from voxplain.report.notices import Notice, notices
from voxplain.report.sections import sections
from voxplain.report.template import fill, read_asset

SCRIPTS = ("theme.js", "tables.js", "viewer.js")


def build(context: Mapping[str, Any]) -> str:
    """Render the report of one run.

    Parameters
    ----------
    context : mapping
        run (str) and config (dict, validated) are needed. All others may be absent or None, and
        the page says in words what is missing: provenance (dict); settings_file (str, of a run
        whose settings are not the defaults: its commands name it); participants, left_out, quality,
        accuracy, table1, masked_accuracy, table3, localisation, localisation_regions, first_layer,
        runtime, degenerate, claims (DataFrames with the columns of the run's TSV files); table2
        (dict of atlas name to DataFrame); figures (dict of figure name to PNG path: fig1, fig2a,
        fig2b, fig2c, fig3, accuracy, history, quality, masked_accuracy, table3, localisation,
        convergence, projections, subjects, stability, regions, runtime); viewer
        (`voxplain.report.viewer.Viewer`); jobs and edges (`voxplain.report.jobs`).

    Returns
    -------
    str
        The HTML page.
    """
    return render(
        context["run"],
        f"Where does a 3D CNN look in the brain, and can that be trusted? After {paper.CITATION}.",
        answer(context),
        notices(context),
        sections(context),
    )


def captions(context: Mapping[str, Any]) -> dict[str, str]:
    """Return the caption of each figure on the page as reStructuredText, by the figure's name.

    Parameters
    ----------
    context : mapping
        As for `build`.
    """
    pictures = [
        block
        for section in sections(context)
        for block in section.blocks
        if isinstance(block, Picture)
    ]
    return {Path(one.source).name: re.sub(r"([\\*`|_])", r"\\\1", one.caption) for one in pictures}


def render(
    title: str, lead: str, answer: str, notices: Sequence[Notice], sections: Sequence[Section]
) -> str:
    """Write a page of sections, with an answer and its limits at the head."""
    return fill(
        "template.html",
        "style.css",
        title=title,
        lead=lead,
        answer=answer,
        notices=notices,
        sections=sections,
        scripts=[Markup(read_asset(name)) for name in SCRIPTS],
    )
