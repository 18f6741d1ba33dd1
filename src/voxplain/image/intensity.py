"""Intensity normalisation of each participant's image by itself, so nothing leaks between folds."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from voxplain.errors import ConfigError, ImageError


def _none(volume: np.ndarray) -> np.ndarray:
    return volume


def _brain_mean(volume: np.ndarray) -> np.ndarray:
    mean: np.float64 = volume[volume > 0].mean()
    return volume / mean


def _zscore(volume: np.ndarray) -> np.ndarray:
    brain = volume > 0
    values = volume[brain]
    return np.where(brain, (volume - values.mean()) / values.std(), 0)


NORMALISATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": _none,
    "brain_mean": _brain_mean,
    "zscore": _zscore,
}


def normalise(volumes: np.ndarray, how: str) -> np.ndarray:
    """Normalise each volume by its own foreground (voxels above zero).

    Parameters
    ----------
    volumes : numpy.ndarray, (n, X, Y, Z)
        Background exactly 0.
    how : {"none", "brain_mean", "zscore"}
        As for `normalised`.

    Returns
    -------
    numpy.ndarray of float32, (n, X, Y, Z)
        Normalised volumes.

    Raises
    ------
    ConfigError
        Unknown name.
    ImageError
        A volume has no foreground to normalise by, or a constant one.

    Examples
    --------
    >>> import numpy as np
    >>> from voxplain import normalise
    >>> volumes = np.zeros((1, 4, 4, 4))
    >>> volumes[0, 1:3, 1, 1] = 100, 300
    >>> normalise(volumes, "brain_mean")[0, :, 1, 1].tolist()
    [0.0, 0.5, 1.5, 0.0]
    """
    return np.array(list(normalised(volumes, how)))


def normalised(volumes: Iterable[np.ndarray], how: str) -> Iterator[np.ndarray]:
    """Normalise each volume by its own foreground (voxels above zero).

    Parameters
    ----------
    volumes : iterable of numpy.ndarray, (X, Y, Z)
        In the order of the participants table; background exactly 0.
    how : {"none", "brain_mean", "zscore"}
        ``none`` is the paper's: raw intensities, left to the first BatchNorm. ``brain_mean``
        divides by the foreground's mean; ``zscore`` standardises the foreground and leaves the
        background at 0.

    Yields
    ------
    numpy.ndarray
        Same shape, float32.

    Raises
    ------
    ConfigError
        Unknown name.
    ImageError
        A volume has no foreground to normalise by, or a constant one.
    """
    if how not in NORMALISATIONS:
        raise ConfigError(
            f"volumes.normalisation: '{how}' is unknown; choose one of {', '.join(NORMALISATIONS)}"
        )
    function = NORMALISATIONS[how]
    for row, volume in enumerate(volumes):
        foreground = volume[volume > 0]
        if not foreground.size or (how == "zscore" and foreground.min() == foreground.max()):
            raise ImageError(
                f"the volume in row {row + 1} of the participants table has no foreground, or a "
                f"constant one, so it cannot be normalised by '{how}'; exclude the participant "
                "with cohort.exclude"
            )
        yield function(np.asarray(volume, np.float64)).astype(np.float32)
