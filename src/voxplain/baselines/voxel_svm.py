"""Support vector machine on voxels (section 4.2), from one Gram matrix for all folds."""

import numpy as np
from sklearn.svm import SVC

from voxplain.baselines import Fitted
from voxplain.errors import ImageError


def gram_matrix(volumes: np.ndarray, block: int = 16384) -> tuple[np.ndarray, np.ndarray]:
    """Compute all inner products of the participants' volumes, a block of voxels at a time.

    No label and no split enters, so one matrix serves every fold. The mean of the first volume is
    subtracted from every voxel of every volume: distances and the variance over all values do not
    change by a constant, and the sums that they are taken from lose fewer digits.

    Parameters
    ----------
    volumes : numpy.ndarray, shape (n, ...)
        One volume per participant; may be memory-mapped.
    block : int
        Voxels per block; memory is about ``8 * n * block`` bytes.

    Returns
    -------
    gram : numpy.ndarray of float64, shape (n, n)
    sums : numpy.ndarray of float64, shape (n,)
        Sum over the voxels of every (shifted) volume.
    """
    rows = volumes.reshape(len(volumes), -1)
    shift = rows[0].mean(dtype=np.float64)
    gram = np.zeros((len(rows), len(rows)))
    sums = np.zeros(len(rows))
    for start in range(0, rows.shape[1], block):
        part = rows[:, start : start + block].astype(np.float64) - shift
        gram += part @ part.T
        sums += part.sum(axis=1)
    return gram, sums


def fit_predict(
    gram: np.ndarray,
    sums: np.ndarray,
    n_features: int,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    C: float = 1.0,
) -> Fitted:
    """Fit scikit-learn's default SVC (rbf, gamma "scale") on one fold from the Gram matrix.

    Parameters
    ----------
    gram, sums : numpy.ndarray, shapes (n, n) and (n,)
        From `gram_matrix`.
    n_features : int
        Voxels per volume.
    y : numpy.ndarray of int, shape (n,)
        Class, 0 or 1.
    train, test : numpy.ndarray of int
        Rows of the training and test participants.
    C : float
        Penalty (paper: the default, 1).

    Returns
    -------
    Fitted
        The scores are values of the decision function; the parameters C and gamma.

    Raises
    ------
    ImageError
        If all voxels of all training volumes have one value.
    """
    n_values = len(train) * n_features
    squares = np.diag(gram)
    variance = squares[train].sum() / n_values - (sums[train].sum() / n_values) ** 2
    if variance <= 0:
        raise ImageError(
            f"All voxels of the {len(train)} training volumes have one value; check the "
            "downsampled volumes in the quality-control table"
        )
    gamma = 1 / (n_features * variance)
    # rounding can make the distance of a volume to itself slightly negative
    distances = (squares[:, None] + squares[None, train] - 2 * gram[:, train]).clip(0)
    kernel = np.exp(-gamma * distances)
    model = SVC(C=C, kernel="precomputed").fit(kernel[train], y[train])
    return Fitted(
        scores=model.decision_function(kernel[test]),
        predictions=model.predict(kernel[test]),
        parameters={"C": C, "gamma": float(gamma)},
    )
