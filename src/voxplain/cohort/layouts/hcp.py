"""The `hcp` layout: the Human Connectome Project's young adults, as ConnectomeDB delivers them.

Images are found unpacked (``<id>/T1w/...``) or inside the zipped structural packages. Labels and
age bands come from the open-access behavioural table. The restricted table is read for one column,
the family: it never leaves this module, which hands on group numbers of its own. Exact ages are not
read at all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd

from voxplain.cohort.columns import Columns
from voxplain.cohort.image_patterns import HCP_IMAGES, HCP_PACKAGES
from voxplain.cohort.morphometry import tables as morphometry
from voxplain.cohort.participants import MISSING_TEXT, Problems, shortened
from voxplain.cohort.scans import Scan, find_file
from voxplain.cohort.study import Study
from voxplain.cohort.text_tables import read_text_table, respelt
from voxplain.cohort.values import ID
from voxplain.errors import CohortError

SPACES = {"acpc": "native", "mni": "MNI152"}
SITE = "WashU"  # one scanner for everybody
OLDEST_BAND = {"36+": 36.5}  # middle of the year that begins it; HCP's oldest are 36 or 37
_BAND = re.compile(r"(\d+)-(\d+)")


@dataclass(frozen=True)
class HcpSettings:
    """The configuration's ``cohort.hcp``; paths are below the cohort's folder.

    Attributes
    ----------
    image : {"acpc", "mni"}
        A key of `voxplain.cohort.image_patterns.HCP_IMAGES`.
    behavioural : str
        Path of the export of the unrestricted table.
    restricted : str or None
        Path of the restricted table.
    tiv : str or None
        Column of the behavioural table with head size in mm³.
    morphometry : list of Path
        The Expanded FreeSurfer table.
    """

    image: str
    behavioural: str
    restricted: str | None
    tiv: str | None
    morphometry: list[Path]

    @classmethod
    def from_config(cls, settings: Mapping[str, Any]) -> Self:
        """Take the settings out of the configuration."""
        return cls(**{**settings, "morphometry": morphometry.as_paths(settings["morphometry"])})


def read_study(root: Path, settings: Mapping[str, Any]) -> Study:
    """Describe a folder of HCP downloads.

    Age is the middle of the age band. Families are numbered in the order of the behavioural table,
    which tells nothing of HCP's own family ids.

    Parameters
    ----------
    root : Path
        The folder that holds the participants' folders or packages.
    settings : mapping
        The configuration's ``cohort.hcp``.

    Raises
    ------
    CohortError
        The behavioural table cannot be read, or is another one.
    """
    chosen = HcpSettings.from_config(settings)
    path = root / chosen.behavioural
    problems = Problems(str(path))
    people = read_text_table(path)
    for name in ("Subject", "Gender", "Age", chosen.tiv):
        if name and name not in people.columns:
            problems.add(
                f"there is no column '{name}'; cohort.hcp.behavioural is the unrestricted "
                "behavioural table of ConnectomeDB, with its own column names"
            )
    problems.raise_any()
    table = pd.DataFrame(
        {
            ID: people["Subject"],
            "Gender": people["Gender"],
            "Age": people["Age"],
            "middle of Age": people["Age"].map(band_middle),
            "site": SITE,
        }
    )
    if chosen.tiv:
        table[chosen.tiv] = people[chosen.tiv].map(_millilitres)
    if chosen.restricted:
        try:
            table["family"] = family_numbers(table[ID], root / chosen.restricted)
        except CohortError as error:
            problems.add(str(error))
    columns = Columns(
        label="Gender",
        negative=("F",),
        positive=("M",),
        family="family" if "family" in table else None,
        site="site",
        age_band="Age",
        age="middle of Age",
        tiv=chosen.tiv,
    )

    def locate(row: Mapping[str, str]) -> Scan:
        return find_image(root, row[ID], chosen.image)

    return Study(
        layout="hcp",
        source=path,
        table=table,
        root=root,
        packages=HCP_PACKAGES,
        locate=locate,
        columns=columns,
        morphometry=[root / table for table in chosen.morphometry],
        without={
            "tiv": "set cohort.hcp.tiv to null to measure brain volume on the images",
            "family": "set cohort.hcp.restricted to null to do without families",
        },
        problems=problems,
    )


def find_image(root: Path, participant: str, image: str) -> Scan:
    """Find a participant's image, unpacked or inside a package.

    Parameters
    ----------
    root : Path
        The cohort's folder.
    participant : str
        HCP's number.
    image : str
        A key of `voxplain.cohort.image_patterns.HCP_IMAGES`.
    """
    member = f"{participant}/{HCP_IMAGES[image]}"
    packages = [package.format(participant_id=participant) for package in HCP_PACKAGES]
    path = find_file(root, member, packages)
    if path is None:
        return Scan(missing=f"{root} holds neither {member} nor {packages[0]}")
    return Scan(path)


def family_numbers(ids: pd.Series, path: Path) -> pd.Series:
    """Replace the family ids of a restricted table by numbers.

    Parameters
    ----------
    ids : (n,) Series of str
        Participants.
    path : Path
        The restricted table; only its columns Subject and Family_ID are used.

    Returns
    -------
    groups : (n,) Series of str
        ``family-001`` and so on in the order of `ids`; blank where the family is unknown.

    Raises
    ------
    CohortError
        If the table cannot be used. The message never holds a family id.
    """
    table = read_text_table(path)
    missing = [name for name in ("Subject", "Family_ID") if name not in table.columns]
    if missing:
        raise CohortError(f"{path} has no column {shortened(missing)}: it is no restricted table")
    twice = table["Subject"][table["Subject"].duplicated()].tolist()
    if twice:
        raise CohortError(f"{path} has several rows for {shortened(twice)}; keep one each")
    hint = respelt(ids[~ids.isin(table["Subject"])].tolist(), table["Subject"])
    if hint:
        raise CohortError(f"{path} writes identifiers otherwise than the behavioural table{hint}")
    families = ids.map(table.set_index("Subject")["Family_ID"]).fillna("")
    known = families[~families.isin(MISSING_TEXT)]
    digits = max(3, len(str(len(ids))))
    groups = [f"family-{number:0{digits}d}" for number in pd.factorize(known)[0] + 1]
    return pd.Series(groups, index=known.index).reindex(ids.index).fillna("")


def band_middle(band: str) -> str:
    """Return the middle of an age band in years (``22-25`` ends with the 26th birthday)."""
    match = _BAND.fullmatch(band)
    if match:
        return f"{(int(match[1]) + int(match[2]) + 1) / 2:g}"
    return str(OLDEST_BAND.get(band, band))


def _millilitres(cubic_millimetres: str) -> str:
    number = pd.to_numeric(cubic_millimetres, errors="coerce")
    return cubic_millimetres if pd.isna(number) else repr(float(number) / 1000)


def facts(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what these images are: their space and what their voxels show."""
    return {"space": SPACES[settings["image"]], "contrast": "T1w"}
