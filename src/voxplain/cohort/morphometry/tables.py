"""Morphometry tables: one row of numbers per participant."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from voxplain.cohort.morphometry import freesurfer, hcp_columns
from voxplain.cohort.participants import MISSING_TEXT, shortened
from voxplain.cohort.text_tables import comma_hint, read_cells, respelt
from voxplain.errors import CohortError

ID_COLUMNS = ("participant_id", "Subject")
# What tables say about a person besides measures: never features of a brain, however capitals are
# set. The column without a name is the index that pandas writes.
IDENTIFIERS = (
    "",
    "unnamed: 0",
    "index",
    "release",
    "acquisition",
    "gender",
    "sex",
    "age",
    "handedness",
    "family_id",
    "session_id",
    "site",
    "scanner",
    "class_name",
    "label",
    "group",
    "diagnosis",
)
_HCP_PREFIX, _HCP_MANY = "FS_", 100

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


@dataclass(frozen=True)
class Morphometry:
    """Morphometric features of some participants.

    Attributes
    ----------
    features : pandas.DataFrame, (n_participants, n_features) float64
        Indexed by participant_id.
    constant : list of str
        Columns left out because they are the same for all these participants.
    whole_brain : list of str
        Columns left out because they are FreeSurfer's measures of the whole brain or hemisphere.
    """

    features: pd.DataFrame
    constant: list[str]
    whole_brain: list[str]


@dataclass(frozen=True)
class _Table:
    """One table as text, indexed by participant, and whether it is one of FreeSurfer's."""

    path: Path
    cells: pd.DataFrame
    is_freesurfer: bool


def as_paths(paths: Paths | None) -> list[Path]:
    """Return one path, several or none as a list."""
    if paths is None:
        return []
    return [Path(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]


def read(paths: Paths, participant_ids: Sequence[str], known: Sequence[str] = ()) -> Morphometry:
    """Read the morphometric features of some participants from one table or several.

    HCP's Expanded FreeSurfer table is understood: the right cerebellar cortex gets its right name,
    and what does not begin with ``FS_`` is no feature. So are tables of aparcstats2table and
    asegstats2table: regions are features, measures of the whole brain are not.

    Parameters
    ----------
    paths : path_like or sequence of path_like
        TSV (or, by its ending, CSV) with a column ``participant_id`` or ``Subject``, or a table of
        FreeSurfer. Several are joined by participant.
    participant_ids : sequence of str
        Whose rows to return; rows of others are ignored.
    known : sequence of str
        Further columns that are no features: the label's, and others that the study knows of.

    Returns
    -------
    Morphometry
        Rows in the order asked for.

    Raises
    ------
    CohortError
        If participants have no row or several, a value is missing, infinite or no number, or two
        tables have a feature of the same name; all of it in one message.
    """
    parts, problems = [], []
    dropped = {*IDENTIFIERS, *map(str.casefold, known)}
    for path in as_paths(paths):
        try:
            parts.append(_numbers_of(path, participant_ids, dropped))
        except CohortError as error:
            problems.append(str(error))
    if problems:
        raise CohortError("\n".join(problems))
    numbers = pd.concat([regions for regions, _ in parts], axis=1)
    twice = numbers.columns[numbers.columns.duplicated()].unique().tolist()
    if twice:
        raise CohortError(
            f"cohort morphometry: {shortened(twice)}: in more than one table; join tables of one "
            "parcellation and of different measures only"
        )
    constant = numbers.columns[(numbers == numbers.iloc[0]).all()].tolist()
    features = numbers.drop(columns=constant).copy()  # one block of memory, not one per column
    if features.columns.empty:
        raise CohortError(
            f"{shortened([str(path) for path in as_paths(paths)])}: no column of numbers that "
            "differ between participants"
        )
    return Morphometry(features, constant, sorted({name for _, names in parts for name in names}))


def known_participants(paths: Paths) -> set[str]:
    """Return the participants that have a row in every table."""
    return set.intersection(*(set(_read_one(path).cells.index) for path in as_paths(paths)))


def head_size(paths: Paths, participant_ids: Sequence[str]) -> pd.Series | None:
    """Return FreeSurfer's estimated intracranial volume (eTIV), if a table holds it.

    Parameters
    ----------
    paths, participant_ids
        As in `read`.

    Returns
    -------
    head_size : (n_participants,) Series or None
        ml, indexed by participant_id; None if no table is one of FreeSurfer's with an eTIV.

    Raises
    ------
    CohortError
        If two tables disagree: they come from different runs of FreeSurfer.
    """
    sizes: dict[Path, pd.Series] = {}
    for table in map(_read_one, as_paths(paths)):
        names = [name for name in freesurfer.HEAD_SIZE if name in table.cells.columns]
        if names and table.is_freesurfer:
            rows = _rows_of(table, participant_ids)
            sizes[table.path] = _numbers(table.path, rows[names[:1]]).iloc[:, 0] / 1000
    if not sizes:
        return None
    first, size = next(iter(sizes.items()))
    for path, other in sizes.items():
        differ = size.index[~np.isclose(size, other, rtol=1e-3)].tolist()
        if differ:
            raise CohortError(
                f"{first} and {path} give different eTIV for {shortened(differ)}; take tables of "
                "one FreeSurfer run"
            )
    return size.rename("tiv")


def _read_one(path: Path) -> _Table:
    """Read a table; its columns get their final names."""
    cells = read_cells(path)
    # Repeated names are marked by .1, as pandas does and `hcp_columns` knows.
    header = cells.iloc[0]
    repeat = header.groupby(header).cumcount()
    names = header.where(repeat == 0, header + "." + repeat.astype(str)).tolist()
    renamed = hcp_columns.corrected(names)
    marked = zip(names, header, repeat, strict=True)
    twice = [name for new, name, count in marked if name and count and new not in renamed]
    if twice:
        raise CohortError(f"{path} has more than one column called {shortened(twice)}; keep one")
    table = cells.iloc[1:].set_axis([renamed.get(name, name) for name in names], axis=1)
    is_freesurfer = freesurfer.is_table(names[0])
    ids = [name for name in ID_COLUMNS if name in table.columns]
    key = names[0] if is_freesurfer else next(iter(ids), None)
    if key is None:
        raise CohortError(
            f"{path} has neither a column participant_id nor Subject, nor is it a table of "
            "aparcstats2table or asegstats2table"
        )
    table = table.set_index(pd.Index(table[key], name="participant_id"))
    table = table.drop(columns=[key, *ids], errors="ignore")
    if is_freesurfer:
        table.columns = [freesurfer.feature_name(key, name) for name in table.columns]
    return _Table(path, table, is_freesurfer)


def _numbers_of(
    path: Path, participant_ids: Sequence[str], dropped: set[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return one table's features, and the names of its global measures."""
    table = _read_one(path)
    rows = _rows_of(table, participant_ids)
    features = [name for name in rows.columns if name.casefold() not in dropped]
    hcp = [name for name in features if name.startswith(_HCP_PREFIX)]
    features = hcp if len(hcp) > _HCP_MANY else features
    overall = [name for name in features if table.is_freesurfer and freesurfer.is_global(name)]
    return _numbers(path, rows[[name for name in features if name not in overall]]), overall


def _rows_of(table: _Table, participant_ids: Sequence[str]) -> pd.DataFrame:
    path, index = table.path, table.cells.index
    twice = index[index.duplicated() & index.isin(participant_ids)].unique().tolist()
    if twice:
        raise CohortError(f"{path} has several rows for {shortened(twice)}; keep one each")
    missing = [name for name in participant_ids if name not in index]
    if missing:
        raise CohortError(
            f"{path} has no row for {len(missing)} of {len(participant_ids)} participants: "
            f"{shortened(missing)}{respelt(missing, index)}; add them or drop the participants "
            "with cohort.exclude"
        )
    return table.cells.loc[list(participant_ids)]


def _numbers(path: Path, text: pd.DataFrame) -> pd.DataFrame:
    """Convert to float64; raise naming the first cells that are no finite numbers."""
    numbers = text.apply(pd.to_numeric, errors="coerce").astype(np.float64)
    bad_rows, bad_columns = np.nonzero(~np.isfinite(numbers.to_numpy()))
    if len(bad_rows):
        cells = []
        for row, column in zip(bad_rows[:8], bad_columns[:8], strict=True):
            value = str(text.iloc[row, column]).strip()
            shown = "missing" if value in MISSING_TEXT else f"'{value}'{comma_hint(value)}"
            cells.append(f"{text.index[row]} {text.columns[column]} is {shown}")
        rest = f" and {len(bad_rows) - 8} more" if len(bad_rows) > 8 else ""
        raise CohortError(
            f"{path} has {len(bad_rows)} values that are not finite numbers: "
            f"{'; '.join(cells)}{rest}; complete them, or drop the columns or participants"
        )
    return numbers
