"""Names in the tables that FreeSurfer's aparcstats2table and asegstats2table write.

Each table holds one measure, of one hemisphere or of the subcortical structures; its first column
is named after it, such as ``lh.aparc.thickness`` or ``Measure:volume``. Besides the
regions there are measures of the whole brain or hemisphere, the same ones in every table: with
them, "thickness alone" also contains head size.
"""

import re

_FIRST_COLUMN = re.compile(r"(?P<cortex>[lr]h\.\S+\.\w+)|Measure:(?P<measure>\w+)")
# CamelCase Vol stands in the names of global volumes only; a region's volume is written _volume.
_GLOBAL = re.compile(r"Vol|SurfaceHoles|eTIV|[lr]h_(?:MeanThickness|WhiteSurfArea)_")
HEAD_SIZE = ("eTIV", "EstimatedTotalIntraCranialVol")  # estimated from registration, mm³


def is_table(first_column: str) -> bool:
    """Whether a table with this first column is one of FreeSurfer's."""
    return _FIRST_COLUMN.fullmatch(first_column) is not None


def is_global(column: str) -> bool:
    """Whether a column describes the whole brain or hemisphere and no region."""
    return _GLOBAL.search(column) is not None


def feature_name(first_column: str, column: str) -> str:
    """Return a region's name that tells its measure.

    Cortical columns carry it already (``lh_insula_thickness``); those of the subcortical tables do
    not, and become ``Left-Hippocampus_volume``.

    Parameters
    ----------
    first_column : str
        Name of the table's first column.
    column : str
        Name of the region's column there.
    """
    match = _FIRST_COLUMN.fullmatch(first_column)
    measure = match["measure"] if match else None
    return column if measure is None or is_global(column) else f"{column}_{measure}"
