"""Labels that BIDS allows, for identifiers that it does not."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

_DIGITS = 8  # of the digest that separates participants with the same letters and digits


def letters_and_digits(text: str) -> str:
    """Return the ASCII letters and digits of a text, all that a BIDS label may contain."""
    return re.sub(r"[^0-9A-Za-z]", "", text)


def bids_labels(identifiers: Sequence[str]) -> list[str]:
    """Return a legal and unique BIDS label for each identifier.

    A leading ``sub-`` and all characters that are neither letter nor digit are removed. If two
    labels would be the same (upper and lower case are the same on many disks), or nothing is left,
    a digest of the identifier is added. So no label depends on the order of the participants.

    Parameters
    ----------
    identifiers : sequence of str
        All different.

    Returns
    -------
    list of str
        In the order of `identifiers`, without ``sub-``.

    Raises
    ------
    ValueError
        Identifiers are given twice.

    Examples
    --------
    >>> from voxplain import bids_labels
    >>> bids_labels(["sub-01", "control_7"])
    ['01', 'control7']
    """
    plain = [letters_and_digits(name.removeprefix("sub-")) for name in identifiers]
    shared = Counter(label.lower() for label in plain)
    labels = [
        label if label and shared[label.lower()] == 1 else f"{label}x{_digest(name)}"
        for label, name in zip(plain, identifiers, strict=True)
    ]
    if len({label.lower() for label in labels}) < len(labels):
        raise ValueError("two participants have the same identifier")
    return labels


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]
