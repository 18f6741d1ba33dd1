"""Support vector machine on voxels (section 4.2), from one Gram matrix for all folds.

Up to `EXACT_TO` participants this is scikit-learn's SVC. Beyond, where an n by n matrix would no
longer fit, the kernel is approximated from `LANDMARKS` participants (Nystroem: Williams and Seeger
2001) and the machine is linear in the features that this gives.
"""

from typing import Any

import numpy as np

from voxplain.baselines import Fitted
from voxplain.errors import ImageError
from voxplain.image.stack import Stack, voxel_blocks
from voxplain.run.chunk_sizes import EXACT_TO, GRAM_VALUES, LANDMARKS

DEGREE = 3  # of head size in a voxel: what a line leaves tells the classes apart (docs/methods.md)


def landmarks(n: int) -> np.ndarray:
    """Return the rows whose inner products with everybody are kept: all, or a random choice.

    Neither labels nor folds enter. A fold's fit uses those of its own training participants.
    """
    if n <= EXACT_TO:
        return np.arange(n)
    return np.sort(np.random.default_rng([n]).permutation(n)[:LANDMARKS])


def gram_matrix(volumes: np.ndarray | Stack, block: int = 16384) -> tuple[np.ndarray, np.ndarray]:
    """Compute the participants' inner products with the landmarks, a block of voxels at a time.

    No label and no split enters, so one matrix serves every fold. The mean of the first volume is
    subtracted from every voxel of every volume: distances and the variance over all values do not
    change by a constant, and the sums that they are taken from lose fewer digits.

    Parameters
    ----------
    volumes : numpy.ndarray or Stack, shape (n, ...)
        One volume per participant; a stack is read block by block.
    block : int
        Most voxels per block; large cohorts take fewer, so that a block stays below 0.25 GB.

    Returns
    -------
    gram : numpy.ndarray of float64, shape (n, n_landmarks)
    sums : numpy.ndarray of float64, shape (n, 2)
        Sum, and sum of squares, over the voxels of every (shifted) volume.
    """
    chosen = landmarks(len(volumes))
    shift = volumes[0].mean(dtype=np.float64)
    gram = np.zeros((len(volumes), len(chosen)))
    sums = np.zeros((len(volumes), 2))
    for values in voxel_blocks(volumes, min(block, GRAM_VALUES // len(volumes))):
        part = values - shift
        gram += part @ (part if len(chosen) == len(part) else part[chosen]).T
        sums[:, 0] += part.sum(axis=1)
        sums[:, 1] += np.einsum("ij,ij->i", part, part)
    # so that the distance of a volume to itself is zero to the last digit
    sums[chosen, 1] = gram[chosen, np.arange(len(chosen))]
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
    gram, sums : numpy.ndarray, shapes (n, n_landmarks) and (n, 2)
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
        The scores are values of the decision function; the parameters C and gamma, and of an
        approximated kernel the number of landmarks.

    Raises
    ------
    ImageError
        If all voxels of all training volumes have one value.
    """
    n_values = len(train) * n_features
    totals, squares = sums.T
    variance = squares[train].sum() / n_values - (totals[train].sum() / n_values) ** 2
    if variance <= 0:
        raise ImageError(
            f"All voxels of the {len(train)} training volumes have one value; check the "
            "downsampled volumes in the quality-control table"
        )
    gamma = 1 / (n_features * variance)
    parameters = {"C": C, "gamma": float(gamma)}
    everybody = landmarks(len(gram))
    exact = len(gram) <= EXACT_TO
    columns = train if exact else np.flatnonzero(np.isin(everybody, train))
    kept = everybody[columns]
    # rounding can make the distance of a volume to itself slightly negative
    distances = (squares[:, None] + squares[None, kept] - 2 * gram[:, columns]).clip(0)
    kernel = np.exp(-gamma * distances)
    if exact:
        return _exact(kernel, y, train, test, parameters)
    features = _features(kernel, kept)
    # LinearSVC, unlike SVC, shrinks the intercept, which around the mean has nothing to do.
    features -= features[train].mean(axis=0)
    return _linear(features, y, train, test, parameters | {"landmarks": len(kept)})


def fit_predict_residuals(
    gram: np.ndarray,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    head_size: np.ndarray,
    C: float = 1.0,
) -> Fitted:
    """Fit a linear SVM on voxels minus the cubic in head size fitted to each.

    The cubics are the training participants' least squares (Snoek et al. 2019), taken from inner
    products: with ``W`` the pseudo-inverse of the training rows of ``[1, s, s², s³] = Z``, the
    residuals are ``X - Z W X_train``. Borders move through a voxel as heads grow, so that its value
    is no straight line in head size. The machine is linear, because others can find head size
    again in the residuals (Hamdan et al. 2023).

    Parameters
    ----------
    gram : numpy.ndarray, shape (n, n_landmarks)
        From `gram_matrix`.
    y, train, test
        As for `fit_predict`.
    head_size : numpy.ndarray, shape (n,)
        In any one unit.
    C : float
        Penalty, of residuals scaled to a mean squared length of 1 over the training participants.

    Returns
    -------
    Fitted
        As of `fit_predict`, without gamma.
    """
    standardised = (head_size - head_size[train].mean()) / head_size[train].std()
    design = np.vander(standardised, DEGREE + 1)
    weights = np.linalg.pinv(design[train])
    everybody = landmarks(len(gram))
    if len(gram) <= EXACT_TO:
        kernel = gram[:, train] - design @ (weights @ gram[np.ix_(train, train)])
        kernel -= (kernel @ weights.T) @ design[train].T
        kernel /= np.trace(kernel[train]) / len(train)
        return _exact(kernel, y, train, test, {"C": C})
    columns = np.flatnonzero(np.isin(everybody, train))
    features = _features(gram[:, columns], everybody[columns])
    features -= design @ (weights @ features[train])
    features /= np.sqrt((features[train] ** 2).sum(axis=1).mean())
    return _linear(features, y, train, test, {"C": C, "landmarks": len(columns)})


def _exact(
    kernel: np.ndarray,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    parameters: dict[str, Any],
) -> Fitted:
    from sklearn.svm import SVC

    model = SVC(C=parameters["C"], kernel="precomputed").fit(kernel[train], y[train])
    return Fitted(
        scores=model.decision_function(kernel[test]),
        predictions=model.predict(kernel[test]),
        parameters=parameters,
    )


def _features(kernel: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return features whose products approximate the kernel; `rows` are those of landmarks."""
    values, vectors = np.linalg.eigh(kernel[rows])
    # directions that hold nothing but rounding would be blown up to unit length
    kept = values > values[-1] * len(rows) * np.finfo(float).eps
    return kernel @ (vectors[:, kept] / np.sqrt(values[kept]))


def _linear(
    features: np.ndarray,
    y: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    parameters: dict[str, Any],
) -> Fitted:
    from sklearn.svm import LinearSVC

    model = LinearSVC(C=parameters["C"], loss="hinge", max_iter=10_000, random_state=0)
    model.fit(features[train], y[train])
    return Fitted(
        scores=model.decision_function(features[test]),
        predictions=model.predict(features[test]),
        parameters=parameters,
    )
