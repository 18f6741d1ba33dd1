"""First hidden layer: mean and entropy of its features per class (appendix A, Fig. 3)."""

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import torch
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.multitest import multipletests
from torch.overrides import TorchFunctionMode

from voxplain.attribution.frozen import frozen
from voxplain.attribution.operations import NORMS, RECTIFIERS, operation
from voxplain.errors import AttributionError
from voxplain.image.stack import Stack, parts
from voxplain.stats.over_folds import ALPHA

N_BINS = 256
BATCH_SIZE = 16


def first_hidden_layer(model: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return what the first hidden layer makes of images.

    It is the first convolution up to the first rectifier that its output reaches (normalisation
    and the like may lie between), and the pooling if that follows at once. Where no rectifier
    follows, it is the convolution's output after its normalisation. The rest of the network is
    not computed.

    Parameters
    ----------
    model : torch.nn.Module
        (n, 1, X, Y, Z) -> (n, n_classes); used in eval mode, left as it was found.
    images : torch.Tensor, shape (n, 1, X, Y, Z)
        Of the model's dtype, on its device.

    Returns
    -------
    torch.Tensor, shape (n, k, x, y, z)

    Raises
    ------
    AttributionError
        The network calls no 3-D convolution.
    """
    layer = _FirstLayer()
    with (
        frozen(model, images) as network,
        torch.no_grad(),
        contextlib.suppress(_Reached),
        layer,
    ):
        network(images)
    if layer.output is None:
        raise AttributionError(
            "the network calls no conv3d, so it has no first hidden layer (appendix A); use a "
            "network with 3-D convolutions"
        )
    return layer.output


class _Reached(BaseException):
    """The first hidden layer is known; a network that catches exceptions must not catch this."""


class _FirstLayer(TorchFunctionMode):
    """Follows the output of the first convolution that is called."""

    def __init__(self) -> None:
        super().__init__()
        self.output: torch.Tensor | None = None
        self._tail: torch.Tensor | None = None  # what has become of the convolution's output
        self._rectified = False

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result, name = func(*args, **kwargs), operation(func)
        if not isinstance(result, torch.Tensor):
            return result
        if self._tail is None:
            if name == "conv3d":
                self.output = self._tail = result
        elif self._consumes_tail(*args, *kwargs.values()):
            if self._rectified:
                if "pool" in name:
                    self.output = result
                raise _Reached
            if name in RECTIFIERS:
                self._rectified, self._tail = True, result
                self.output = result.clone()  # the network may go on in place
            elif result.ndim == 5:
                if name in NORMS and self.output is self._tail:
                    self.output = result
                self._tail = result
        return result

    def _consumes_tail(self, *inputs: object) -> bool:
        """Tell whether the tail is among a call's inputs or in a list of them, as in torch.cat."""
        return any(
            value is self._tail
            or (isinstance(value, list | tuple) and any(item is self._tail for item in value))
            for value in inputs
        )


def first_layer_scale(model: torch.nn.Module, images: np.ndarray | Stack) -> np.ndarray:
    """Find the highest output of every feature over a set of (training) participants.

    Parameters
    ----------
    model : torch.nn.Module
        The network, see `first_hidden_layer`.
    images : numpy.ndarray or Stack, shape (n, X, Y, Z)

    Returns
    -------
    numpy.ndarray of float64, shape (k,)
        Upper end of the entropy's histogram.
    """
    return np.max([output.amax(dim=(0, 2)).numpy() for output in _outputs(model, images)], axis=0)


def first_layer_features(
    model: torch.nn.Module, images: np.ndarray | Stack, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Summarise the output of the first hidden layer for every participant and feature.

    Parameters
    ----------
    model : torch.nn.Module
        The network, see `first_hidden_layer`.
    images : numpy.ndarray or Stack, shape (n, X, Y, Z)
        Images as the network expects them.
    scale : numpy.ndarray, shape (k,)
        Upper end of the histogram per feature, from `first_layer_scale` on the training
        participants. One scale for everybody: a scale per class or batch, as in the authors'
        code, makes a group difference of its own.

    Returns
    -------
    means : numpy.ndarray of float64, shape (n, k)
        Spatial mean.
    entropies : numpy.ndarray of float64, shape (n, k)
        Shannon entropy in nats of the histogram of 256 equal bins over [0, scale]; values outside
        fall in the first or the last bin. 0 for a feature whose scale is 0.
    """
    means, entropies = [], []
    upper = torch.as_tensor(np.where(scale > 0, scale, 1.0))[:, None]
    for output in _outputs(model, images):
        means.append(output.mean(dim=2).numpy())
        bins = (output / upper * N_BINS).long().clamp(0, N_BINS - 1)
        n, k, _ = bins.shape
        # one histogram per participant and feature, side by side in one count
        offsets = torch.arange(n * k).reshape(n, k, 1) * N_BINS
        counts = torch.bincount((bins + offsets).ravel(), minlength=n * k * N_BINS)
        entropies.append(stats.entropy(counts.reshape(n, k, N_BINS).numpy(), axis=2))
    return np.concatenate(means), np.concatenate(entropies)


def class_batch_entropies(
    model: torch.nn.Module, images: np.ndarray | Stack, labels: np.ndarray, batch: int = 47
) -> np.ndarray:
    """Return the entropies that the authors' code computes, on a scale of each batch of a class.

    A batch holds participants of one class, and its highest value, of whatever feature and
    participant, is the end of all its histograms: one participant's bright voxel moves the entropy
    of everybody in the batch, and with it the class's.

    Parameters
    ----------
    model : torch.nn.Module
        The network, see `first_hidden_layer`.
    images : numpy.ndarray or Stack, shape (n, X, Y, Z)
    labels : numpy.ndarray of int, shape (n,)
        True class, 0 or 1.
    batch : int
        Participants per batch (theirs: 47).

    Returns
    -------
    numpy.ndarray of float64, shape (n, k)
        Nats.
    """
    found: dict[int, np.ndarray] = {}
    for label in (0, 1):
        rows = np.flatnonzero(labels == label)
        for part in parts(len(rows), batch):
            group = images[rows[part]]
            highest = first_layer_scale(model, group)
            # they truncate 255 times the share of the highest value
            scale = np.full_like(highest, highest.max() * N_BINS / (N_BINS - 1))
            found |= dict(
                zip(rows[part], first_layer_features(model, group, scale)[1], strict=True)
            )
    return np.array([found[row] for row in range(len(labels))])


def _outputs(model: torch.nn.Module, images: np.ndarray | Stack) -> Iterator[torch.Tensor]:
    """Yield the first hidden layer's output (batch, k, voxels) in float64 on the CPU."""
    first = next(model.parameters())
    for part in parts(len(images), BATCH_SIZE):
        batch = torch.from_numpy(images[part]).unsqueeze(1)
        output = first_hidden_layer(model, batch.to(first.device, first.dtype))
        yield output.flatten(2).double().cpu()


def feature_means(values: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Mean and 95 % confidence interval (Student's t) of every feature in each class.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
        One measure per participant and feature.
    labels : numpy.ndarray of int, shape (n,)
        True class, 0 or 1.
    names : sequence of str
        Names of class 0 and class 1.

    Returns
    -------
    pandas.DataFrame
        Columns feature (from 1), class_name, value, ci_low, ci_high, in two rows per feature. The
        interval of a class of one participant is missing.
    """
    rows = []
    for label, name in enumerate(names):
        group = values[labels == label]
        mean, n = group.mean(axis=0), len(group)
        half = np.full_like(mean, np.nan)
        if n > 1:
            half = stats.t.ppf(0.975, n - 1) * group.std(axis=0, ddof=1) / np.sqrt(n)
        rows.append(
            pd.DataFrame(
                {
                    "feature": np.arange(1, values.shape[1] + 1),
                    "class_name": name,
                    "value": mean,
                    "ci_low": mean - half,
                    "ci_high": mean + half,
                }
            )
        )
    return pd.concat(rows).sort_values("feature", kind="stable", ignore_index=True)


def feature_tests(
    values: np.ndarray, labels: np.ndarray, names: Sequence[str], head_size: np.ndarray
) -> pd.DataFrame:
    """Test every feature for a difference between the classes, corrected for their number.

    All features of one layer rise and fall with the share of the box that the brain fills, so a
    handful of held-out participants whose head sizes happen to differ differ in every feature at
    once. The adjusted test is the one that tells such a group from a finding.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, k)
        One measure per held-out participant and feature.
    labels : numpy.ndarray of int, shape (n,)
        True class, 0 or 1.
    names : sequence of str
        Names of class 0 and class 1.
    head_size : numpy.ndarray, shape (n,)
        Head size of the same participants, in any one unit.

    Returns
    -------
    pandas.DataFrame
        One row per feature: feature (from 1), mean_negative, mean_positive, difference (positive
        minus negative), cohens_d (pooled standard deviation), t and p (Welch), p_holm, q_fdr
        (Benjamini-Hochberg), t_adjusted, p_adjusted and p_adjusted_holm (class in a linear model
        beside head size), larger (the class whose mean is larger where p_holm < .05, else ''). A
        feature that cannot be tested (constant, or a class of one participant) has p = 1.
    """
    labels = np.asarray(labels)
    negative, positive = values[labels == 0], values[labels == 1]
    difference = positive.mean(axis=0) - negative.mean(axis=0)
    testable = np.ptp(values, axis=0) > 0
    if min(len(negative), len(positive)) < 2:
        testable[:] = False
    d, t, p = np.zeros(values.shape[1]), np.zeros(values.shape[1]), np.ones(values.shape[1])
    if testable.any():
        a, b = negative[:, testable], positive[:, testable]
        test = stats.ttest_ind(b, a, equal_var=False)
        t[testable], p[testable] = test.statistic, test.pvalue
        d[testable] = difference[testable] / _pooled_sd(a, b)
    t_adjusted, p_adjusted = _adjusted(values, labels, head_size, testable)
    p_holm = multipletests(p, alpha=ALPHA, method="holm")[1]
    larger = np.where(difference > 0, names[1], names[0])
    return pd.DataFrame(
        {
            "feature": np.arange(1, values.shape[1] + 1),
            "mean_negative": negative.mean(axis=0),
            "mean_positive": positive.mean(axis=0),
            "difference": difference,
            "cohens_d": d,
            "t": t,
            "p": p,
            "p_holm": p_holm,
            "q_fdr": multipletests(p, method="fdr_bh")[1],
            "t_adjusted": t_adjusted,
            "p_adjusted": p_adjusted,
            "p_adjusted_holm": multipletests(p_adjusted, method="holm")[1],
            "larger": np.where(p_holm < ALPHA, larger, ""),
        }
    )


def _adjusted(
    values: np.ndarray, labels: np.ndarray, head_size: np.ndarray, testable: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Test the class in an ordinary linear model of each feature on class and head size."""
    t, p = np.zeros(values.shape[1]), np.ones(values.shape[1])
    if len(labels) < 4:  # three coefficients leave nothing to judge them by
        return t, p
    centred = head_size - head_size.mean()
    design = np.column_stack([labels, np.ones(len(labels)), centred])
    for feature in np.flatnonzero(testable):
        fitted = OLS(values[:, feature], design).fit()
        t[feature], p[feature] = fitted.tvalues[0], fitted.pvalues[0]
    return t, p


def _pooled_sd(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squares = a.var(axis=0, ddof=1) * (len(a) - 1) + b.var(axis=0, ddof=1) * (len(b) - 1)
    return np.sqrt(squares / (len(a) + len(b) - 2))
