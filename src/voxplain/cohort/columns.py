"""The columns of a participants table that have a meaning."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

TEXT_COLUMNS = {"family": "family_id", "site": "site", "age_band": "age_band"}
NUMBER_COLUMNS = {"age": "age", "tiv": "tiv"}
RANGES = {"age": (0, 120), "tiv": (100, 3000)}  # years, ml: newborns to the largest heads
_OPTIONAL = (*TEXT_COLUMNS, *NUMBER_COLUMNS)


@dataclass(frozen=True)
class Columns:
    """Names of the columns that the checks read, None where the table has no such column.

    Attributes
    ----------
    label : str
        Class of each participant.
    negative, positive : tuple of str
        Values of the label: spellings of class 0 and of class 1.
    family, site, age_band : str or None
        Names.
    age, tiv : str or None
        Years, and head size in ml.
    """

    label: str
    negative: tuple[str, ...]
    positive: tuple[str, ...]
    family: str | None = None
    site: str | None = None
    age_band: str | None = None
    age: str | None = None
    tiv: str | None = None

    @classmethod
    def from_config(cls, settings: Mapping[str, Any]) -> Self:
        """Take the columns out of a layout's settings (``cohort.table``, ``cohort.bids``).

        Parameters
        ----------
        settings : mapping
            ``label``, ``negative`` and ``positive`` (a value or a list), and the optional columns,
            absent or None where there is none.
        """
        return cls(
            label=settings["label"],
            negative=_spellings(settings["negative"]),
            positive=_spellings(settings["positive"]),
            **{key: settings.get(key) for key in _OPTIONAL},
        )

    def named(self) -> dict[str, str]:
        """Return the columns that there are: name by key (``label``, ``family``, ...)."""
        names = {key: getattr(self, key) for key in ("label", *_OPTIONAL)}
        return {key: name for key, name in names.items() if name}


def _spellings(value: Any) -> tuple[str, ...]:
    """Return the values of a class, one or a list, as text."""
    values = value if isinstance(value, list) else [value]
    return tuple(str(spelling).strip() for spelling in values)
