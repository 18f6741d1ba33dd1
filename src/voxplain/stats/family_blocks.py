"""What relatives allow: families are resampled whole, labels permuted in exchangeable blocks."""

import numpy as np
import pandas as pd

from voxplain.cohort.groups import family_groups
from voxplain.image.stack import parts
from voxplain.run.seeds import stream_seed

_PLACES = 2**22  # permuted at a time: 32 MB


def family_codes(participants: pd.DataFrame) -> np.ndarray:
    """Give each family a number; a participant without known relatives is a family.

    Parameters
    ----------
    participants : pandas.DataFrame
        Columns participant_id and family_id (missing = no known relatives).

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        0, 1, ... in the order of the table.
    """
    codes: np.ndarray = pd.factorize(family_groups(participants))[0]
    return codes


def resample(families: np.ndarray, n_draws: int, seed: int) -> np.ndarray:
    """Draw families with replacement, each with all of its members.

    Parameters
    ----------
    families : numpy.ndarray of int, shape (n,)
        From `family_codes`.
    n_draws : int
        Bootstrap samples.
    seed : int

    Returns
    -------
    numpy.ndarray of int, shape (n_draws, n)
        How often each participant is in each sample. The same seed gives the same samples, so
        that differences between models are paired.
    """
    n_families = families.max() + 1
    rng = np.random.default_rng([seed])
    counts = rng.multinomial(n_families, np.full(n_families, 1 / n_families), size=n_draws)
    return counts[:, families]


def bootstrap_weights(participants: pd.DataFrame, n_draws: int, seed: int) -> np.ndarray:
    """Return the bootstrap samples of families that all comparisons of a run share.

    Parameters
    ----------
    participants : pandas.DataFrame
        As for `family_codes`.
    n_draws : int
        Bootstrap samples.
    seed : int
        The run's.

    Returns
    -------
    numpy.ndarray of int, shape (n_draws, n)
        As of `resample`.
    """
    stream = stream_seed(seed, "bootstrap of families")
    return resample(family_codes(participants), n_draws, stream)


def permuted_labels(
    labels: np.ndarray, families: np.ndarray, folds: np.ndarray, n_draws: int, seed: int
) -> np.ndarray:
    """Permute labels between families of the same size and fold, then inside each family.

    Relatives may share their label (twins of one sex) and their brain, so single labels are not
    exchangeable, but the labels of whole families are (Winkler et al. 2015, whole-block and
    within-block exchangeability). Labels stay inside their fold to keep the folds stratified: a
    class that is rarer in the training set would be more frequent in the test set, and the null
    would lie below chance. Families that are split between folds (``folds.groups: none``) exchange
    labels with any other split family of their size.

    Families of the same size are assumed to be exchangeable, and so are the members of a family.
    This is not true for a pair of monozygotic twins with a sibling, nor for pairs of different
    kinship; the table does not tell them apart.

    Parameters
    ----------
    labels, families, folds : numpy.ndarray, shape (n,)
        Class, family number and fold of each participant.
    n_draws : int
    seed : int

    Returns
    -------
    numpy.ndarray, shape (n_draws, n)
        In the dtype of the labels.
    """
    rng = np.random.default_rng([seed])
    sizes = np.bincount(families)[families]
    blocks = _folds_of_families(families, folds)[families] * (sizes.max() + 1) + sizes
    order = np.lexsort((families, blocks))
    permuted = np.empty((n_draws, len(labels)), labels.dtype)
    for block in np.split(order, np.flatnonzero(np.diff(blocks[order])) + 1):
        rows = block.reshape(-1, sizes[block[0]])  # one family each
        for part in parts(n_draws, _PLACES // len(rows)):
            places = np.tile(np.arange(len(rows)), (part.stop - part.start, 1))
            drawn = labels[rows][rng.permuted(places, axis=1)]
            permuted[part, rows.ravel()] = rng.permuted(drawn, axis=2).reshape(len(drawn), -1)
    return permuted


def _folds_of_families(families: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return the number of the fold that each family lies in, (n_families,); 0 for several."""
    numbers = np.unique(folds, return_inverse=True)[1] + 1
    lowest = np.full(families.max() + 1, numbers.max())
    highest = np.zeros_like(lowest)
    np.minimum.at(lowest, families, numbers)
    np.maximum.at(highest, families, numbers)
    return np.where(lowest == highest, highest, 0)


def label_permutations(participants: pd.DataFrame, n_draws: int, seed: int) -> np.ndarray:
    """Return the run's permutations of its labels between families.

    For predictions that stay the same, so that labels may leave their fold.

    Parameters
    ----------
    participants : pandas.DataFrame
        As for `family_codes`, with label (0 or 1).
    n_draws : int
        Permutations.
    seed : int
        The run's.

    Returns
    -------
    numpy.ndarray of int8, shape (n_draws, n)
    """
    stream = stream_seed(seed, "label permutations between families")
    one_fold = np.zeros(len(participants), int)
    labels = participants["label"].to_numpy(np.int8)
    return permuted_labels(labels, family_codes(participants), one_fold, n_draws, stream)
