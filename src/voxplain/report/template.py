"""Pages filled in from the templates in this folder."""

import re
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup, escape

_FOLDER = files("voxplain.report")


def fill(template: str, sheet: str, **values: Any) -> str:
    """Render a template; strings that are not marked as safe are escaped.

    Parameters
    ----------
    template, sheet : str
        Names of the template and of its style sheet, which follows the colours of all pages.
    **values
        The names in the template; a missing one is an error.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["prose"] = _prose
    style = Markup(read_asset("palette.css") + read_asset(sheet))
    return environment.from_string(read_asset(template)).render(style=style, **values)


def _prose(text: str) -> Markup:
    """Escape a text; make `words` code and [words](file) a link."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\[([^\[\]]+)\]\(([\w./-]+)\)", r'<a href="\2">\1</a>', text))


def read_asset(name: str) -> str:
    """Return the text of a template, style sheet or script."""
    return _FOLDER.joinpath(name).read_text("utf-8")
