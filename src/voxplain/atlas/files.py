"""Opening atlases by path, or inside a pinned wheel that is never unpacked or installed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voxplain.atlas.labels import Atlas, read_atlas
from voxplain.atlas.place import check_place
from voxplain.image.archives import member_path
from voxplain.run.wheels import check_member


def load_atlas(
    name: str, image_path: str | Path, labels_path: str | Path, sha256: str | None = None
) -> Atlas:
    """Open an atlas in MNI152: a label volume and the table that names its values.

    Parameters
    ----------
    name : str
        Name of the atlas in tables and messages.
    image_path : path_like
        3-D NIfTI volume of non-negative whole numbers. Like the table, it may be a member of an
        archive (`voxplain.image.archives`).
    labels_path : path_like
        Label table in one of the forms that `voxplain.atlas.label_tables` reads.
    sha256 : str, optional
        Expected digest of the image file.

    Returns
    -------
    Atlas
        Its regions are those that have voxels; its notes say what was checked.

    Raises
    ------
    AtlasError
        If a file is missing or has another digest, the image cannot be read or has values that are
        not labels, a label has no name, a value has two names, or the atlas is mirrored or lies
        elsewhere than MNI152's brain.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from voxplain import Grid, load_atlas, write_volume
    >>> affine = np.diag([6.0, 6.0, 6.0, 1.0])
    >>> affine[:3, 3] = -33, -30, 0
    >>> grid = Grid((12, 8, 8), affine)
    >>> labels = np.ones(grid.shape, np.int16)
    >>> labels[6:] = 2
    >>> write_volume("labels.nii.gz", labels, grid)
    >>> pd.Series({1: "left", 2: "right"}).to_csv("labels.txt", sep=" ", header=False)
    >>> atlas = load_atlas("halves", "labels.nii.gz", "labels.txt")
    >>> atlas.table["name"].tolist()
    ['left', 'right']
    >>> atlas.notes[-1]
    '2 regions are on the side in their names'
    """
    return check_place(read_atlas(name, image_path, labels_path, sha256))


def load_listed_atlas(entry: Mapping[str, Any], wheel: str | Path | None = None) -> Atlas:
    """Open an atlas of the configuration.

    Parameters
    ----------
    entry : mapping
        One of the configuration's ``atlases``.
    wheel : path_like, optional
        The file of the wheel that the entry names, if it names one.

    Raises
    ------
    AtlasError
        As `load_atlas` and `check_member`.
    """
    if wheel is None:
        return load_atlas(entry["name"], entry["image"], entry["labels"], entry.get("sha256"))
    check_member(wheel, entry["image"], entry["sha256"])
    check_member(wheel, entry["labels"], entry["labels_sha256"])
    image, labels = member_path(wheel, entry["image"]), member_path(wheel, entry["labels"])
    return load_atlas(entry["name"], image, labels)
