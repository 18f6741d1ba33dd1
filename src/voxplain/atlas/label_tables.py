"""Label tables: the names of an atlas's label values, in the forms that atlases come with.

The content decides which form a table has, not the file's ending. A form that would leave colours
or codes in the names is never guessed: what fits no form is refused.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from voxplain.errors import AtlasError
from voxplain.image import archives
from voxplain.run.cells import split_lines

BACKGROUND_NAMES = {"unclassified", "unknown", "background", "clear label"}

FORMS = (
    "lines 'value name', also with a colour (FreeSurferColorLUT.txt) or a code (MRIcron's AAL); "
    "ITK-SNAP's label descriptions; lines 'short name value' (FieldTrip, PMOD); the XML of FSL or "
    "SPM; or a table with columns such as index and name (BIDS, CAT12)"
)
# Columns of value and name, in small letters: CAT12 and Mori's group, BIDS, and what is common.
TABLE_COLUMNS = (
    ("roiid", "roiname"),
    ("index", "name"),
    ("value", "name"),
    ("id", "name"),
    ("label", "name"),
    ("index", "label"),
    ("index", "region"),
)
_VALUE = r"(?P<value>\d+)(?:\.0*)?"
_ITK_SNAP = re.compile(_VALUE + r'\s+\d+\s+\d+\s+\d+(?:\s+[\d.]+\s+[01]\s+[01])?\s+"(?P<name>.*)"')
_COLOURED = re.compile(_VALUE + r"\s+(?P<name>.+?)(?:\s+\d+){3,4}")
_CODED = re.compile(_VALUE + r"\s+(?P<name>\S+)\s+\d+")
_VALUE_LAST = re.compile(r"(?!\d+\s)\S+\s+(?P<name>\S+)\s+" + _VALUE)
_PLAIN = re.compile(_VALUE + r"\s+(?P<name>.+)")


def read_label_table(path: str | Path) -> dict[int, str]:
    """Read the names of label values; the background (value 0) is left out.

    Parameters
    ----------
    path : path
        A table in one of `FORMS`; it may be a member of an archive (`voxplain.image.archives`).

    Returns
    -------
    dict
        Name by label value.

    Raises
    ------
    AtlasError
        If the table has none of the forms, a line cannot be read, or a value has two names.
    """
    path = Path(path)
    with archives.opened(path) as file:
        content = file.read()
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        pairs = _read_xml(path, content)
    else:
        text = _decoded(path, content)
        pairs = _read_columns(path, text) or _read_lines(path, text)
    names: dict[int, str] = {}
    for value, name in pairs:
        if names.setdefault(value, name) != name:
            raise AtlasError(
                f"{path}: the label value {value} has two names, {names[value]!r} and {name!r}; "
                "remove the wrong line"
            )
    names.pop(0, None)
    if not names:
        raise AtlasError(f"{path}: no label names found; give {FORMS}")
    return names


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise AtlasError(
            f"{path} is not UTF-8 (byte {error.start}); if it is Latin-1, convert it: "
            f"iconv -f LATIN1 -t UTF-8 '{path}' > '{path.stem}_utf8{path.suffix}'"
        ) from error


def _read_xml(path: Path, content: bytes) -> list[tuple[int, str]]:
    """Read the XML of FSL (``<label index="1">name</label>``) or SPM (elements in each label).

    FSL's index is the label value only where index 0 is the background.
    """
    try:
        labels = ET.fromstring(content).findall(".//label")
    except (ET.ParseError, ValueError, LookupError) as error:
        raise AtlasError(
            f"{path}: not a readable XML file ({error}); its first line must name its encoding"
        ) from error
    pairs, wrong = [], []
    for label in labels:
        index = label.get("index") or label.findtext("index") or ""
        name = label.findtext("name") or label.text or label.get("name") or ""
        if index.strip().isdecimal() and name.strip():
            pairs.append((int(index), name.strip()))
        else:
            wrong.append(ET.tostring(label, encoding="unicode").strip()[:60])
    if wrong:
        raise AtlasError(
            f"{path}: {len(wrong)} labels have no whole number as index or no name, the first is "
            f"{wrong[0]!r}; known are the XML of FSL and of SPM"
        )
    first = dict(pairs).get(0)
    by_attribute = any(label.get("index") for label in labels)
    if by_attribute and first is not None and first.lower() not in BACKGROUND_NAMES:
        raise AtlasError(
            f"{path}: index 0 is the region {first!r}, so the indices are not the label values of "
            "an image whose background is 0; give a text table with lines 'value name'"
        )
    return pairs


def _read_columns(path: Path, text: str) -> list[tuple[int, str]]:
    """Read a table with a header, whatever separates its columns; nothing if it has no header.

    Raises
    ------
    AtlasError
        It is a table by its ending, and its columns have other names or cannot be read.
    """
    headers = []
    for separator in "\t,;":
        rows, damaged = split_lines(text, separator)
        if not rows:
            continue
        header = [name.lower() for name in rows[0][1]]
        columns = next((pair for pair in TABLE_COLUMNS if {*pair} <= {*header}), None)
        if columns is not None:
            if damaged:
                raise AtlasError(f"{path}: double quotes that are not in pairs, line {damaged[0]}")
            return _pairs(path, rows, header, columns)
        headers.append(rows[0][1])
    if path.suffix.lower() in (".csv", ".tsv"):
        header = max(headers, key=len, default=[])
        pairs = "; ".join(" and ".join(pair) for pair in TABLE_COLUMNS)
        raise AtlasError(f"{path}: needs the columns {pairs}; it has {header}")
    return []


def _pairs(
    path: Path, rows: Sequence[tuple[int, list[str]]], header: list[str], columns: tuple[str, str]
) -> list[tuple[int, str]]:
    ragged = [number for number, cells in rows if len(cells) != len(header)]
    if ragged:
        raise AtlasError(f"{path}: line {ragged[0]} has more or fewer cells than the first line")
    places = [header.index(column) for column in columns]
    cells = [[row[place] for place in places] for _, row in rows[1:]]
    wrong = [value for value, _ in cells if not re.fullmatch(_VALUE, value)]
    if wrong:
        raise AtlasError(f"{path}: {columns[0]} is not a whole number in {wrong[:5]}")
    return [(int(float(value)), name) for value, name in cells]


def _read_lines(path: Path, text: str) -> list[tuple[int, str]]:
    """Read lines of one form: ITK-SNAP's, with colours, with codes, value last, or value and name.

    Raises
    ------
    AtlasError
        Some lines do not have the form that most of them have.
    """
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text)]
    lines = [line for line in lines if line and not re.match(r"#|\[.*\]$", line)]
    matches = {
        form: [form.fullmatch(line) for line in lines]
        for form in (_ITK_SNAP, _COLOURED, _CODED, _VALUE_LAST, _PLAIN)
    }
    for form in (_ITK_SNAP, _COLOURED, _VALUE_LAST):
        lacking = [line for line, match in zip(lines, matches[form], strict=True) if not match]
        if len(lacking) < len(lines) / 2:  # most lines have this form, so none is read as another
            return _all_of(path, matches[form], lacking)
    names = [match["name"] for match in matches[_CODED] if match]
    if lines and len(set(names)) == len(lines):  # else the last number belongs to the name
        return _all_of(path, matches[_CODED], [])
    lacking = [line for line, match in zip(lines, matches[_PLAIN], strict=True) if not match]
    return _all_of(path, matches[_PLAIN], lacking)


def _all_of(
    path: Path, matches: Sequence[re.Match[str] | None], lacking: Sequence[str]
) -> list[tuple[int, str]]:
    if lacking:
        raise AtlasError(
            f"{path}: {len(lacking)} lines do not have the form of the others, the first is "
            f"{lacking[0]!r}; give {FORMS}"
        )
    return [(int(match["value"]), match["name"]) for match in matches if match]
