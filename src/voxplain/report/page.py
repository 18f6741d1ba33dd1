"""One self-contained HTML page: no request leaves it, and it works without scripts."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from voxplain import paper
from voxplain.report.answer import answer
from voxplain.report.notices import notices
from voxplain.report.sections import sections


def build(context: Mapping[str, Any]) -> str:
    """Render the report of one run.

    Parameters
    ----------
    context : mapping
        run (str) and config (dict, validated) are needed. All others may be absent or None, and
        the page says in words what is missing: provenance (dict); participants, quality, accuracy,
        table1, masked, table3, localisation, localisation_regions, first_layer, runtime,
        degenerate, claims (DataFrames with the columns of the run's TSV files); table2 (dict of
        atlas name to DataFrame); figures (dict of figure name to PNG path: fig1, fig2a, fig2b,
        fig2c, fig3, accuracy, history, quality, masked_accuracy, table3, localisation,
        convergence).

    Returns
    -------
    str
        The HTML page.
    """
    folder = files("voxplain.report")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(folder.joinpath("template.html").read_text("utf-8"))
    return template.render(
        run=context["run"],
        citation=paper.CITATION,
        answer=answer(context),
        notices=notices(context),
        sections=sections(context),
        style=Markup(folder.joinpath("style.css").read_text("utf-8")),
        script=Markup(folder.joinpath("sort.js").read_text("utf-8")),
    )
