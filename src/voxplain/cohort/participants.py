"""The participants table that every layout returns, and a list of problems to report at once."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from voxplain.errors import CohortError, GridMismatchError, ImageError

# image, mask and transform (to MNI152) are paths, age is in years and tiv (head size) in ml.
COLUMNS = (
    "participant_id",
    "image",
    "mask",
    "transform",
    "label",
    "class_name",
    "family_id",
    "age",
    "age_band",
    "tiv",
    "site",
)
# BIDS writes n/a, R NA, pandas NaN; spreadsheets leave the cell blank.
MISSING_TEXT = ("", "n/a", "N/A", "NA", "NaN", "nan")
_MOST = 50


def shortened(names: list[str], most: int = 8) -> str:
    """Join names with commas, the first `most` of them and the number of the rest.

    Parameters
    ----------
    names : list of str
    most : int
        Names to show.
    """
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


@dataclass
class Problems:
    """Everything wrong with a cohort, collected so that the user can repair it in one go.

    Attributes
    ----------
    title : str
        Which table is at fault.
    general : list of str
        Problems of the table, participants or images.
    grids : list of str
        Images on another grid than most.
    unusable : list of str
        Participants whose images cannot be used.
    note : str
        What else explains the problems.
    """

    title: str = ""
    general: list[str] = field(default_factory=list)
    grids: list[str] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)
    note: str = ""

    def add(self, problem: str) -> None:
        """Note a problem."""
        self.general.append(problem)

    def add_unusable(self, name: str, reason: str) -> None:
        """Note a participant whose image cannot be used.

        Parameters
        ----------
        name : str
            The participant.
        reason : str
            Why.
        """
        self.add(f"{name}: {reason}")
        self.unusable.append(name)

    def __bool__(self) -> bool:
        return bool(self.general or self.grids)

    def raise_any(self) -> None:
        """Raise one error that lists all problems, if there are any.

        Raises
        ------
        GridMismatchError
            If the only problem is images on different grids.
        CohortError
            Otherwise.
        """
        if not self:
            return
        problems = self.general + self.grids
        lines = "\n".join(f"  - {problem}" for problem in problems[:_MOST])
        if len(problems) > _MOST:
            lines += f"\n  and {len(problems) - _MOST} more"
        if self.unusable:
            lines += f"\n{_how_to_do_without(self.unusable)}"
        if self.note:
            lines += f"\n{self.note}"
        kind = CohortError if self.general else GridMismatchError
        noun = "problem" if len(problems) == 1 else "problems"
        raise kind(f"{self.title}: {len(problems)} {noun}\n{lines}")


@dataclass(frozen=True)
class CheckedCohort:
    """A cohort that has passed its checks.

    Attributes
    ----------
    participants : pandas.DataFrame
        One row per participant, see `COLUMNS`; in the order of the source.
    dropped : dict of str
        Why whose images or values could not be used (``cohort.on_missing: drop``), by participant.
    listed : list of str
        Everybody in the source's table, excluded and dropped participants too.
    known_columns : list of str
        Columns of the source that say something else than a measure of the brain.
    """

    participants: pd.DataFrame
    dropped: dict[str, str]
    listed: list[str]
    known_columns: list[str]


def _how_to_do_without(names: Iterable[str]) -> str:
    """Return the settings that leave participants out, ready to be pasted."""
    listed = json.dumps(list(names), ensure_ascii=False)
    return f"To do without these images: cohort.on_missing: drop, or cohort.exclude: {listed}"


def with_usable_images(
    participants: pd.DataFrame, unusable: Mapping[str, str], on_missing: str
) -> pd.DataFrame:
    """Return the participants whose images could be read.

    Parameters
    ----------
    participants : DataFrame
        Everybody.
    unusable : mapping
        Why an image cannot be used, by participant.
    on_missing : {"error", "drop"}
        Whether to stop or to continue without these participants.

    Raises
    ------
    ImageError
        There are such images and `on_missing` is ``error``, or nobody else is left. It lists all.
    """
    if unusable and (on_missing == "error" or len(unusable) == len(participants)):
        lines = [f"{len(unusable)} of {len(participants)} images cannot be used"]
        lines += [f"  - {name}: {reason}" for name, reason in unusable.items()]
        raise ImageError("\n".join([*lines, _how_to_do_without(unusable)]))
    kept = ~participants["participant_id"].isin(unusable.keys())
    return participants[kept].reset_index(drop=True)


def as_participants(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` with exactly the contract's columns, in their order and types."""
    types = dict.fromkeys(COLUMNS, "string")
    types |= {"label": "int64", "age": "float64", "tiv": "float64"}
    return table[list(COLUMNS)].astype(types).reset_index(drop=True)
