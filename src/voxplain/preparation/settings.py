"""Preparation and registration to MNI152, as the configuration names them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

EXTRACTOR = "deepbet==1.0.2"  # the wheel with the networks of `brain_extraction`
# Without its dependencies: it asks for an older numpy than the pins, but runs with theirs.
INSTALL_ANTSPY = "pip install --no-deps antspyx==0.6.3 webcolors"
_ANTSPY_SPACE = "MNI152NLin2009aSym"  # of nilearn's template


@dataclass(frozen=True)
class RegistrationSettings:
    """The configuration's ``registration``, with its key names.

    Attributes
    ----------
    method : {"none", "transforms", "antspy", "conform", "prepared"}
        ``none`` leaves images as they are; ``prepared`` applies what the preparation has found, and
        is not in the configuration.
    transform : str or None
        Path of each participant's transform below the cohort's folder; ``{column}`` is filled in
        from the participants table.
    template : str
        The MNI152 that the transforms lead to, as BIDS names it.
    reference : str or None
        Path of the image to which FLIRT registered.
    """

    method: str = "none"
    transform: str | None = None
    template: str = "MNI152NLin6Asym"
    reference: str | None = None

    @property
    def transform_template(self) -> str | None:
        """Template of the transforms' paths; None if the method reads none."""
        return self.transform if self.method == "transforms" else None

    def space_after(self, space: str) -> str:
        """Return the space of a run's volumes, maps and tables, from that of its images."""
        return {
            "antspy": _ANTSPY_SPACE,
            "prepared": _ANTSPY_SPACE,
            "transforms": self.template,
        }.get(self.method, space)


@dataclass(frozen=True)
class PreparationSettings:
    """The configuration's ``preparation``, with its key names.

    Attributes
    ----------
    brain_extraction : {"auto", "always", "never"}
        ``auto`` extracts the brains of whole heads and leaves brains as they are. A mask that the
        cohort has is always used.
    bias_field : bool
        Whether the bias field is corrected.
    tissues : bool
        Whether fluid, grey and white matter are labelled and measured.
    """

    brain_extraction: str = "auto"
    bias_field: bool = True
    tissues: bool = True


def preparation_of(config: Mapping[str, Any]) -> PreparationSettings | None:
    """Return the steps of a configuration's ``preparation``; None if images are used as they are.

    Parameters
    ----------
    config : mapping
        All keys.
    """
    value = config["preparation"]
    if value == "none":
        return None
    return PreparationSettings(**({} if value == "auto" else value))


def registration_of(config: Mapping[str, Any]) -> RegistrationSettings:
    """Return how a configuration brings images into MNI152: by its preparation, if it has one.

    Parameters
    ----------
    config : mapping
        All keys.
    """
    if preparation_of(config) is not None:
        return RegistrationSettings("prepared")
    return RegistrationSettings(**config["registration"])
