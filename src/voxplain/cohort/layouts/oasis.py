"""The `oasis` layout: OASIS-1 as nilearn's ``fetch_oasis_vbm`` leaves it on disk.

The images are not T1-weighted: they are modulated grey-matter maps in the space of a DARTEL
template (SPM8), in which a voxel holds a volume of grey matter.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voxplain.cohort.columns import Columns
from voxplain.cohort.participants import Problems
from voxplain.cohort.scans import Scan
from voxplain.cohort.study import Study
from voxplain.cohort.text_tables import read_text_table
from voxplain.cohort.values import ID

IMAGE = "{id}/mwrc1{id}_mpr_anon_fslswapdim_bet.nii.gz"
SITE = "WashU"  # one scanner for everybody
COLUMNS = Columns(label="M/F", negative=("F",), positive=("M",), age="Age", tiv="eTIV", site="site")


def read_study(root: Path, settings: Mapping[str, Any]) -> Study:
    """Describe nilearn's folder ``oasis1``.

    The folders decide who is in the cohort: nilearn leaves out the scans whose normalisation
    failed, but the table still lists them. Head size is the table's eTIV, ml.

    Parameters
    ----------
    root : Path
        nilearn's folder ``oasis1``, with ``oasis_cross-sectional.csv`` and ``OAS1_*_MR1`` folders.
    settings : mapping
        The configuration's ``cohort.oasis``: ``participants``, the name of the table.

    Raises
    ------
    CohortError
        The table cannot be read, or is another one.
    """
    path = root / settings["participants"]
    table = read_text_table(path)
    problems = Problems(str(path))
    if "ID" not in table.columns:
        problems.add("there is no column 'ID'; is this the table of OASIS-1?")
    problems.raise_any()
    folders = {folder.name for folder in root.glob("OAS1_*_MR?") if folder.is_dir()}
    if not folders:
        problems.add("no folder OAS1_*_MR1 is next to it; set cohort_root to nilearn's oasis1")
    unknown = sorted(folders - set(table["ID"]))
    problems.general += [f"{name}: has a folder but no row" for name in unknown]
    table = table.rename(columns={"ID": ID})
    table = table[table[ID].isin(folders)].assign(site=SITE).reset_index(drop=True)

    def locate(row: Mapping[str, str]) -> Scan:
        return Scan(str(root / IMAGE.format(id=row[ID])))

    return Study(
        layout="oasis",
        source=path,
        table=table,
        root=root,
        locate=locate,
        columns=COLUMNS,
        without={"tiv": "fetch the table again"},
        problems=problems,
    )


def facts(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what these images are: what their voxels show."""
    return {"contrast": "grey_matter"}
