"""Configuration files with a comment above each key that explains it."""

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
        Comment lines at the top.
    """
    lines = [f"# {note}" for note in notes]
    _write(settings, schema, 0, lines)
    return "\n".join(lines) + "\n"


def _write(
    settings: Mapping[str, Any], schema: Mapping[str, Any], depth: int, lines: list[str]
) -> None:
    indent = "  " * depth
    for key, value in settings.items():
        property_schema = schema["properties"][key]
        if depth == 0:
            lines.append("")
        lines.append(f"{indent}# {property_schema['description']}")
        if isinstance(value, Mapping) and "properties" in property_schema:
            lines.append(f"{indent}{key}:")
            _write(value, property_schema, depth + 1, lines)
        else:  # JSON is YAML, and it quotes text that YAML would read as a number or a boolean
            lines.append(f"{indent}{key}: {json.dumps(value, ensure_ascii=False)}")
