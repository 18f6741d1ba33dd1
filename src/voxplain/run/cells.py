"""Tables of text as lines and cells, strictly: a lost quote never swallows the rows after it."""

import re


def split_lines(text: str, separator: str) -> tuple[list[tuple[int, list[str]]], list[int]]:
    """Split a table into rows of cells, each line on its own.

    Quotes stand around a whole cell or nowhere, and a cell ends with its line at the latest.

    Parameters
    ----------
    text : str
        The file's content, with any kind of line ends.
    separator : str
        One character.

    Returns
    -------
    rows : list of (int, list of str)
        Number of the line, counted from 1, and its cells without the blanks around them; lines of
        blanks are passed over.
    damaged : list of int
        Numbers of the lines whose double quotes are not in pairs around cells.
    """
    rows, damaged = [], []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        cells = _split_cells(line, separator)
        if cells is None:
            damaged.append(number)
        elif any(cells):
            rows.append((number, cells))
    return rows, damaged


def _split_cells(line: str, separator: str) -> list[str] | None:
    """Split one line into cells; None if its quotes are amiss."""
    if '"' not in line:
        return [cell.strip() for cell in line.split(separator)]
    cells, start = [], 0
    cell = re.compile(rf'[ ]*(?:"((?:[^"]|"")*)"[ ]*|([^"{separator}]*))(?={separator}|$)')
    while match := cell.match(line, start):
        quoted, plain = match.groups()
        cells.append((plain if quoted is None else quoted.replace('""', '"')).strip())
        start = match.end() + 1
        if start > len(line):
            return cells
    return None
