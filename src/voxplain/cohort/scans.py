"""Participants' images: one each, readable, all on one grid."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voxplain.cohort.participants import Problems, shortened
from voxplain.errors import ImageError, TransformError
from voxplain.image import archives, nifti
from voxplain.image.grid import Grid
from voxplain.image.masked import check_image, check_mask
from voxplain.preparation.readers import check_exists


@dataclass(frozen=True)
class Scan:
    """A participant's image, or why there is none.

    Attributes
    ----------
    image : str
        Path; blank if there is none.
    mask : str or None
        Path of the brain mask to apply.
    transform : str or None
        Path of the transform to MNI152.
    missing : str or None
        What is not there; ``on_missing: drop`` does without the participant.
    problem : str or None
        What has to be corrected in any case.
    """

    image: str = ""
    mask: str | None = None
    transform: str | None = None
    missing: str | None = None
    problem: str | None = None


def find_file(root: Path, relative: str, packages: Sequence[str] = ()) -> str | None:
    """Find a participant's file, unpacked or inside a package.

    Parameters
    ----------
    root : Path
        The cohort's folder.
    relative : str
        Below `root`, and inside a package; of unpacked files ``*`` matches what may differ.
    packages : sequence of str
        Zip archives below `root` to look into if there is no such file.

    Returns
    -------
    path : str or None
        The unpacked file, else the first package's member, whether it is there or not; None if
        there is neither, or several files match.
    """
    if archives.split(relative)[1] is not None:
        return str(root / relative)
    matching = sorted(root.glob(relative)) if "*" in relative else [root / relative]
    if len(matching) == 1 and os.path.exists(matching[0]):
        return str(matching[0])
    for package in packages:
        if os.path.exists(root / package):
            return archives.member_path(root / package, relative)
    return None


def with_transform(scan: Scan, relative: str, root: Path, packages: Sequence[str]) -> Scan:
    """Add a participant's transform to the scan, or the reason why it cannot be used.

    Parameters
    ----------
    scan : Scan
    relative, root, packages
        As for `find_file`.
    """
    path = find_file(root, relative, packages)
    if path is None:
        return replace(scan, missing=scan.missing or f"there is not exactly one {root / relative}")
    try:
        check_exists(path)
    except TransformError as error:
        return replace(scan, problem=scan.problem or str(error))
    return replace(scan, transform=path)


def read_grids(
    names: Iterable[str], scans: Iterable[Scan]
) -> tuple[dict[str, Grid], dict[str, str]]:
    """Read the headers of all images and masks.

    Parameters
    ----------
    names : iterable of str
        Participants.
    scans : iterable of Scan
        Their images.

    Returns
    -------
    grids : dict of Grid
        By participant, of the images that there are and that can be used.
    unusable : dict of str
        By participant, why the others cannot.
    """
    grids, unusable = {}, {}
    for name, scan in zip(names, scans, strict=True):
        if not scan.image:
            continue
        try:
            grid = nifti.read_header(scan.image).grid
            if scan.mask is not None:
                check_mask(nifti.read_header(scan.mask), grid)
            grids[name] = grid
        except ImageError as error:
            unusable[name] = str(error)
    return grids, unusable


def read_voxels(
    scans: Sequence[tuple[str, Scan]], progress: Callable[[int, int], None]
) -> dict[str, str]:
    """Read images to their ends.

    Parameters
    ----------
    scans : sequence of (str, Scan)
        Participants, and their images and masks, whose headers are right.
    progress : callable
        Told how many are done and to do.

    Returns
    -------
    dict of str
        By participant, why the image cannot be used, of those that cannot.
    """
    unusable = {}
    for done, (name, scan) in enumerate(scans, start=1):
        try:
            check_image(scan.image, scan.mask)
        except ImageError as error:
            unusable[name] = str(error)
        progress(done, len(scans))
    return unusable


def check_scans(
    names: Sequence[str],
    scans: Sequence[Scan],
    unusable: Mapping[str, str],
    problems: Problems,
) -> None:
    """Find participants without an image that can be used, and images used twice.

    Parameters
    ----------
    names : sequence of str
        Participants.
    scans : sequence of Scan
        Theirs.
    unusable : mapping of str
        From `read_grids`.
    problems : Problems
        Told of everything that is wrong.
    """
    whose: dict[str, list[str]] = {}
    for name, scan in zip(names, scans, strict=True):
        if scan.missing:
            problems.add(f"{name}: {scan.missing}; see also cohort.exclude and cohort.on_missing")
        if scan.problem:
            problems.add(f"{name}: {scan.problem}")
        if name in unusable:
            problems.add_unusable(name, unusable[name])
        if scan.image:
            whose.setdefault(scan.image, []).append(name)
    for image, users in whose.items():
        if len(set(users)) > 1:
            problems.add(f"{shortened(users)}: share one image, {image}")


def check_grids(grids: Mapping[str, Grid], shape: Sequence[int] | None, problems: Problems) -> None:
    """Find images on another grid than the others, or coarser than they are to become.

    Parameters
    ----------
    grids : mapping of Grid
        By participant.
    shape : sequence of int, optional
        RAS size that the images will be averaged down to.
    problems : Problems
        Told of everything that is wrong.
    """
    common = _common_grid(grids, problems)
    if shape and common.is_coarser_than(shape):
        problems.add(
            f"volumes.shape asks for {' x '.join(map(str, shape))} voxels along the RAS axes, "
            f"but the images have {' x '.join(map(str, common.to_ras()[0].shape))}: the requested "
            "grid is finer than the image; ask for fewer voxels"
        )


def _common_grid(grids: Mapping[str, Grid], problems: Problems) -> Grid:
    """Return the grid that most images share; note those that lie on another."""
    # Headers differ in the last bits of their floats: rounding finds the grid that most share,
    # and a tolerance in mm decides who shares it.
    keys = {name: (grid.shape, tuple(grid.affine.round(2).ravel())) for name, grid in grids.items()}
    common_key = Counter(keys.values()).most_common(1)[0][0]
    common = next(grid for name, grid in grids.items() if keys[name] == common_key)
    for name, grid in grids.items():
        if not grid.matches(common):
            problems.grids.append(
                f"{name}: its grid {_described(grid)} is not that of most images, "
                f"{_described(common)}; register the images (registration.method), resample "
                "it or use cohort.exclude"
            )
    return common


def _described(grid: Grid) -> str:
    sizes = " x ".join(map(str, grid.shape))
    edges = " x ".join(f"{edge:.4g}" for edge in grid.voxel_sizes)
    origin = ", ".join(f"{value:.4g}" for value in grid.affine[:3, 3])
    return f"({sizes} voxels of {edges} mm, {grid.orientation}, first voxel at {origin} mm)"
