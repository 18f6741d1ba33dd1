"""Label tables: the names of an atlas's label values, in the forms that atlases come with."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd

from voxplain.errors import AtlasError
from voxplain.image import archives

BACKGROUND_NAMES = {"unclassified", "unknown", "background", "clear label"}

SEPARATORS = {".csv": ";", ".tsv": "\t"}
# columns of value and name: Mori's group, BIDS, our own
TABLE_COLUMNS = (("ROIid", "ROIname"), ("index", "name"), ("value", "name"))


def read_label_table(path: str | Path) -> dict[int, str]:
    """Read the names of label values; the background (value 0) is left out.

    Parameters
    ----------
    path : path
        A table in one of the forms that `load_atlas` lists.

    Returns
    -------
    dict
        Name by label value.

    Raises
    ------
    AtlasError
        If a line cannot be read, or a value has two names.
    """
    path = Path(path)
    if path.suffix == ".xml":
        pairs = _read_fsl_xml(path)
    elif path.suffix in SEPARATORS:
        pairs = _read_columns(path)
    else:
        pairs = _read_lines(path)
    names: dict[int, str] = {}
    for value, name in pairs:
        if names.setdefault(value, name) != name:
            raise AtlasError(
                f"{path}: the label value {value} has two names, {names[value]!r} and {name!r}; "
                "remove the wrong line"
            )
    names.pop(0, None)
    if not names:
        raise AtlasError(f"{path}: no label names found")
    return names


def _read_fsl_xml(path: Path) -> list[tuple[int, str]]:
    """Read FSL's atlas XML, whose index is the label value only where index 0 is background."""
    try:
        with archives.opened(path) as file:
            elements = ET.parse(file).getroot().findall(".//label")
    except ET.ParseError as error:
        raise AtlasError(f"{path}: not a readable XML file ({error})") from error
    pairs = [
        (int(element.attrib["index"]), (element.text or element.get("name", "")).strip())
        for element in elements
    ]
    first = dict(pairs).get(0)
    if first is not None and first.lower() not in BACKGROUND_NAMES:
        raise AtlasError(
            f"{path}: index 0 is the region {first!r}, so the indices are not the label values of "
            "an image whose background is 0; give a text table with lines 'value name'"
        )
    return pairs


def _read_columns(path: Path) -> list[tuple[int, str]]:
    """Read the columns of value and name of a table with a header."""
    kept = {"dtype": "string", "keep_default_na": False}
    with archives.opened(path) as file:
        table = pd.read_csv(file, sep=SEPARATORS[path.suffix], **kept)
    found = [columns for columns in TABLE_COLUMNS if set(columns) <= set(table)]
    if not found:
        raise AtlasError(
            f"{path}: needs the columns of one of {TABLE_COLUMNS}, separated by "
            f"{SEPARATORS[path.suffix]!r}; it has {list(table)}"
        )
    values, names = (table[column] for column in found[0])
    wrong = values[~values.str.fullmatch(r"\d+")].tolist()
    if wrong:
        raise AtlasError(f"{path}: {found[0][0]} is not a whole number in {wrong[:5]}")
    return [(int(value), name.strip()) for value, name in zip(values, names, strict=True)]


def _read_lines(path: Path) -> list[tuple[int, str]]:
    """Read lines ``value name``, or ``value name r g b a`` where every line ends in a colour."""
    with archives.opened(path) as file:
        lines = [line.strip() for line in file.read().decode("utf-8").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    plain = [re.fullmatch(r"(\d+)\s+(.+)", line) for line in lines]
    unread = [line for line, match in zip(lines, plain, strict=True) if match is None]
    if unread:
        raise AtlasError(f"{path}: lines that are not 'value name': {unread[:5]}")
    coloured = [re.fullmatch(r"(\d+)\s+(.+?)((\s+\d+){4})", line) for line in lines]
    matches = coloured if all(coloured) else plain
    return [(int(match[1]), match[2]) for match in matches]
