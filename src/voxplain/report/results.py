"""What the report is made of: everything that a run has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from voxplain.report.viewer import Viewer
from voxplain.run.tables import ResultTables


@dataclass(frozen=True, kw_only=True)
class RunResults(ResultTables):
    """One run: its settings, its tables, its figures and how it was made.

    All but `run` and `config` may be missing, and the page says in words what is.

    Parameters
    ----------
    run : str
        Name of the run.
    config : mapping
        The validated configuration.
    settings_file : str, optional
        Holds the settings if they are not the defaults; the page's commands name it.
    left_out, quality : pandas.DataFrame, optional
        Excluded participants with the reason, and the quality control of all images.
    degenerate : pandas.DataFrame, optional
        Columns method, n_maps and n_degenerate (maps that are zero everywhere).
    claims : pandas.DataFrame, optional
        From `voxplain.claims.table.claims_table`.
    figures : mapping of str to path
        PNG files by the figure's name.
    viewer : Viewer, optional
        Of the group maps.
    provenance : mapping, optional
        Versions, machine, seeds and checksums.
    jobs : pandas.DataFrame, optional
        From `voxplain.report.jobs.time_per_rule`.
    edges : sequence of (str, str)
        From `voxplain.report.jobs.recorded_edges`.
    """

    run: str
    config: Mapping[str, Any]
    settings_file: str | None = None
    left_out: pd.DataFrame | None = None
    quality: pd.DataFrame | None = None
    degenerate: pd.DataFrame | None = None
    claims: pd.DataFrame | None = None
    figures: Mapping[str, str | Path] = field(default_factory=dict)
    viewer: Viewer | None = None
    provenance: Mapping[str, Any] | None = None
    jobs: pd.DataFrame | None = None
    edges: Sequence[tuple[str, str]] = ()
