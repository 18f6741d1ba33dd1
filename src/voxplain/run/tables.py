"""The result tables of a run, each under the name of its file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from voxplain.run.files import read_table

# Tables that a run has one of for each atlas or model: the file's name goes on with its name.
FAMILIES = {"table2": "table2_", "permutations": "permutations_"}


@dataclass(frozen=True, kw_only=True)
class ResultTables:
    """The tables of one run; None is a table that this run does not have.

    Columns are described in `voxplain.columns`.

    Attributes
    ----------
    table2 : mapping of atlas to pandas.DataFrame
    permutations : mapping of model to pandas.DataFrame
    """

    participants: pd.DataFrame | None = None
    accuracy: pd.DataFrame | None = None
    calibration: pd.DataFrame | None = None
    comparisons: pd.DataFrame | None = None
    head_size: pd.DataFrame | None = None
    confounds: pd.DataFrame | None = None
    optimism: pd.DataFrame | None = None
    importances: pd.DataFrame | None = None
    permutations: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    repeats: pd.DataFrame | None = None
    learning: pd.DataFrame | None = None
    seeds: pd.DataFrame | None = None
    shuffled: pd.DataFrame | None = None
    grids: pd.DataFrame | None = None
    table1: pd.DataFrame | None = None
    masked_accuracy: pd.DataFrame | None = None
    table2: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    laterality: pd.DataFrame | None = None
    networks: pd.DataFrame | None = None
    morphometry_overlap: pd.DataFrame | None = None
    morphometry_regions: pd.DataFrame | None = None
    table3: pd.DataFrame | None = None
    agreement: pd.DataFrame | None = None
    map_properties: pd.DataFrame | None = None
    localisation: pd.DataFrame | None = None
    localisation_controls: pd.DataFrame | None = None
    localisation_regions: pd.DataFrame | None = None
    faithfulness: pd.DataFrame | None = None
    faithfulness_curves: pd.DataFrame | None = None
    roar: pd.DataFrame | None = None
    robustness: pd.DataFrame | None = None
    ablation: pd.DataFrame | None = None
    truth: pd.DataFrame | None = None
    paper_maps: pd.DataFrame | None = None
    first_layer: pd.DataFrame | None = None
    runtime: pd.DataFrame | None = None
    external: pd.DataFrame | None = None
    external_maps: pd.DataFrame | None = None


def tables_by_name(paths: Iterable[str | Path]) -> dict[str, Any]:
    """Read tables as keyword arguments of `ResultTables`, which refuses those it does not know.

    Parameters
    ----------
    paths : iterable of path
        TSV files, named as the attributes are; ``table2_ATLAS`` and ``permutations_MODEL`` are
        gathered in mappings.

    Returns
    -------
    dict
        Tables, and mappings of tables, by attribute.
    """
    tables: dict[str, Any] = {}
    for path in map(Path, paths):
        family = next((key for key, start in FAMILIES.items() if path.stem.startswith(start)), None)
        if family is None:
            tables[path.stem] = read_table(path)
        else:
            member = path.stem.removeprefix(FAMILIES[family])
            tables.setdefault(family, {})[member] = read_table(path)
    return tables
