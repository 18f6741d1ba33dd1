"""One self-contained HTML page: no request leaves it, and it works without scripts."""

import re
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from voxplain import paper
from voxplain.report.answer import answer
from voxplain.report.blocks import Picture, Section
from voxplain.report.notices import Notice, notices
from voxplain.report.results import RunResults
from voxplain.report.sections import sections
from voxplain.report.template import fill, read_asset

SCRIPTS = ("theme.js", "tables.js", "viewer.js")


def render_report(results: RunResults) -> str:
    """Render the report of one run.

    Parameters
    ----------
    results : RunResults

    Returns
    -------
    str
        The HTML page.
    """
    return render(
        results.run,
        f"Where does a 3D CNN look in the brain, and can that be trusted? After {paper.CITATION}.",
        answer(results),
        notices(results),
        sections(results),
    )


def captions(results: RunResults) -> dict[str, str]:
    """Return the caption of each figure on the page as reStructuredText, by the figure's name.

    Parameters
    ----------
    results : RunResults
    """
    pictures = [
        block
        for section in sections(results)
        for block in section.blocks
        if isinstance(block, Picture)
    ]
    return {
        Path(shown.source).name: re.sub(r"([\\*`|_])", r"\\\1", shown.caption) for shown in pictures
    }


def render(
    title: str, lead: str, answer: str, notices: Sequence[Notice], sections: Sequence[Section]
) -> str:
    """Write a page of sections, with an answer and its limits at the head.

    Parameters
    ----------
    title : str
        Title and heading of the page.
    lead : str
        Sentence below the heading.
    answer : str
        The first paragraph.
    notices : sequence of Notice
        What limits the answer.
    sections : sequence of Section
    """
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
