"""The participants table that every layout returns, and a list of problems to report at once."""

from dataclasses import dataclass, field

import pandas as pd

from voxplain.errors import CohortError, GridMismatchError

# image, mask and transform (to MNI152) are paths, age is in years and tiv (head size) in ml.
COLUMNS = (
    *("participant_id", "image", "mask", "transform", "label", "class_name", "family_id"),
    *("age", "age_band", "tiv", "site"),
)
MISSING_TEXT = ("", "n/a")  # BIDS writes n/a; spreadsheets leave the cell blank
_MOST = 20


def shortened(names: list[str], most: int = 8) -> str:
    """Join names with commas, the first `most` of them and the number of the rest."""
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
    """

    title: str = ""
    general: list[str] = field(default_factory=list)
    grids: list[str] = field(default_factory=list)

    def add(self, problem: str) -> None:
        """Note a problem."""
        self.general.append(problem)

    def raise_any(self) -> None:
        """Raise one error that lists all problems, if there are any.

        Raises
        ------
        GridMismatchError
            If the only problem is images on different grids.
        CohortError
            Otherwise.
        """
        problems = self.general + self.grids
        if not problems:
            return
        lines = "\n".join(f"  - {problem}" for problem in problems[:_MOST])
        if len(problems) > _MOST:
            lines += f"\n  and {len(problems) - _MOST} more"
        kind = CohortError if self.general else GridMismatchError
        noun = "problem" if len(problems) == 1 else "problems"
        raise kind(f"{self.title}: {len(problems)} {noun}\n{lines}")


def as_participants(table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` with exactly the contract's columns, in their order and types."""
    types = dict.fromkeys(COLUMNS, "string")
    types |= {"label": "int64", "age": "float64", "tiv": "float64"}
    return table[list(COLUMNS)].astype(types).reset_index(drop=True)
