"""A configuration file for people: what differs from the defaults, each key with its meaning."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def commented_yaml(
    settings: Mapping[str, Any], schema: Mapping[str, Any], notes: Sequence[str] = ()
) -> str:
    """Write settings as YAML with the schema's description above each key.

    Parameters
    ----------
    settings : mapping
        Part of a configuration.
    schema : mapping
        Its JSON schema.
    notes : sequence of str
        Lines of comment at the top.
    """
    lines = [f"# {note}" for note in notes]
    _write(settings, schema, 0, lines)
    return "\n".join(lines) + "\n"


def _write(
    settings: Mapping[str, Any], schema: Mapping[str, Any], depth: int, lines: list[str]
) -> None:
    indent = "  " * depth
    for key, value in settings.items():
        described = schema["properties"][key]
        if depth == 0:
            lines.append("")
        lines.append(f"{indent}# {described['description']}")
        if isinstance(value, Mapping) and "properties" in described:
            lines.append(f"{indent}{key}:")
            _write(value, described, depth + 1, lines)
        else:  # JSON is YAML, and quotes what YAML would take for a number or true
            lines.append(f"{indent}{key}: {json.dumps(value, ensure_ascii=False)}")
