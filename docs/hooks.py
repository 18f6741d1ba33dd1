"""Hooks of `mkdocs build`: pages generated from code, and equations without a web service."""

import base64
import io
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))


def on_page_markdown(markdown, page, **_):
    """Fill in the generated parts of a page and draw its equations."""
    for name, make in GENERATED.items():
        mark = f"<!-- generated: {name} -->"
        if mark in markdown:
            markdown = markdown.replace(mark, make())
    if "\n$$\n" in markdown:
        markdown = re.sub(r"^\$\$\n(.+?)\n\$\$$", _equation, markdown, flags=re.M | re.S)
        markdown = re.sub(r"\$([^$\n]+)\$", _inline, markdown)
    return markdown


def config_keys():
    """Describe every key of the configuration: type, default and meaning."""
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text("utf-8"))
    defaults = yaml.safe_load((ROOT / "config.yaml").read_text("utf-8"))
    lines = []
    for name, child in schema["properties"].items():
        lines += [f"## `{name}`", "", child["description"], ""]
        rows = list(_keys(child, defaults.get(name), name))
        if rows:
            lines += ["| key | default | values | meaning |", "|---|---|---|---|", *rows, ""]
        else:
            lines += [f"Default `{_text(defaults.get(name))}`; {_values(child)}.", ""]
    return "\n".join(lines)


def _keys(schema: Mapping, default: object, place: str) -> Iterator[str]:
    for name, child in schema.get("properties", {}).items():
        key = f"{place}.{name}"
        value = default.get(name) if isinstance(default, dict) else None
        inner = list(_keys(child, value, key))
        shown = "" if inner else f"`{_text(value)}`"
        described = child["description"].replace("|", r"\|")
        yield f"| `{key}` | {shown} | {_values(child)} | {described} |"
        yield from inner
    if "properties" in schema.get("items", {}):
        yield from _keys(schema["items"], None, f"{place}[]")


def _text(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=1000).replace("\n...\n", "").strip()
    return (text if len(text) <= 60 else f"{text[:57]}...").replace("|", r"\|")


def _values(schema: Mapping) -> str:
    if "enum" in schema:
        return " or ".join(f"`{_text(value)}`" for value in schema["enum"])
    kinds = schema.get("type", "any")
    text = " or ".join(kinds) if isinstance(kinds, list) else kinds
    limits = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to"}
    limits["exclusiveMaximum"] = "below"
    bounds = [f"{word} {schema[key]:g}" for key, word in limits.items() if key in schema]
    return ", ".join([text, *bounds])


def commands():
    """Show the help of every subcommand."""
    from typer.testing import CliRunner

    from voxplain.cli import app

    plain = {"TERM": "dumb", "COLUMNS": "100", "NO_COLOR": "1"}
    names = [command.name for command in app.registered_commands]
    blocks = []
    for name in (None, *names):
        shown = CliRunner().invoke(app, [*([name] if name else []), "--help"], env=plain).output
        text = "\n".join(line.rstrip() for line in shown.strip().splitlines())
        blocks.append(f"## `voxplain{f' {name}' if name else ''}`\n\n```text\n{text}\n```\n")
    return "\n".join(blocks)


def measurements():
    """Include the measurements; their links become names of the project's files."""
    text = (ROOT / "benchmarks/RESULTS.md").read_text("utf-8").partition("\n")[2]
    return re.sub(r"\[([^]]+)\]\((?!https?:)[^)]+\)", r"`benchmarks/\1`", text)


def result_paths():
    """List every path of a run, by folder."""
    from voxplain.run.paths import RunPaths

    paths = {path for path in vars(RunPaths("<run>")).values() if "." in path.rpartition("/")[2]}
    folders: dict[str, list[str]] = {}
    for path in sorted(paths):
        folder, _, name = path.rpartition("/")
        folders.setdefault(folder, []).append(name)
    return "\n".join(
        [
            "```text",
            *(f"{folder}/\n  " + "\n  ".join(names) for folder, names in folders.items()),
            "```",
        ]
    )


def result_columns():
    """Describe every column of every result table."""
    from voxplain.columns import TABLES, column

    lines = []
    for name, table in TABLES.items():
        lines += [
            f"### `{name}`",
            "",
            table.about,
            "",
            "| column | meaning | unit |",
            "|---|---|---|",
        ]
        for each in table.names:
            entry = column(name, each)
            meaning = entry.meaning.replace("|", r"\|")
            lines.append(f"| `{each}` | {meaning} | {entry.unit} |")
        lines.append("")
    return "\n".join(lines)


def _equation(match: re.Match) -> str:
    return f"<p>{_drawn(match[1], 15)}</p>"


def _inline(match: re.Match) -> str:
    return _drawn(match[1], 11)


def _drawn(tex: str, size: int) -> str:
    """Draw TeX as an image inside the page: no script, no network."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import mathtext
    from matplotlib.font_manager import FontProperties

    buffer = io.BytesIO()
    tex = " ".join(tex.split())
    font = FontProperties(size=size, math_fontfamily="stix")
    depth = mathtext.math_to_image(f"${tex}$", buffer, prop=font, format="svg")
    data = base64.b64encode(buffer.getvalue()).decode()
    alt = (
        tex.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("|", "&#124;")
    )
    style = f"vertical-align: -{depth:.1f}px"
    return f'<img alt="{alt}" style="{style}" src="data:image/svg+xml;base64,{data}">'


GENERATED = {
    "config": config_keys,
    "commands": commands,
    "measurements": measurements,
    "paths": result_paths,
    "columns": result_columns,
}
