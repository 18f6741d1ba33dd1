"""First hidden layer: mean and entropy of its features per class (appendix A, Fig. 3)."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import torch
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.multitest import multipletests

from voxplain.attribution.layers import first_hidden_layer
from voxplain.image.stack import Stack, parts
from voxplain.stats.over_folds import ALPHA

N_BINS = 256
BATCH_SIZE = 16


def first_layer_scale(model: torch.nn.Module, images: np.ndarray | Stack) -> np.ndarray:
    """Find the highest output of every feature over a set of (training) participants.

    Parameters
    ----------
    model : torch.nn.Module
        The network, see `voxplain.attribution.layers.first_hidden_layer`.
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
        The network, see `voxplain.attribution.layers.first_hidden_layer`.
    images : numpy.ndarray or Stack, shape (n, X, Y, Z)
        Images as the network expects them.
    scale : numpy.ndarray, shape (k,)
        Upper end of the histogram per feature, from `first_layer_scale` on the training
        participants. One scale for everybody: a scale per class or batch, as in the authors'
        code, produces a group difference by itself.

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

    A batch holds participants of one class, and its highest value, of any feature and participant,
    is the end of all its histograms: one participant's bright voxel changes the entropy of the
    whole batch, and with it the class's.

    Parameters
    ----------
    model : torch.nn.Module
        The network, see `voxplain.attribution.layers.first_hidden_layer`.
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
    entropies: dict[int, np.ndarray] = {}
    for label in (0, 1):
        rows = np.flatnonzero(labels == label)
        for part in parts(len(rows), batch):
            group = images[rows[part]]
            highest = first_layer_scale(model, group)
            # they truncate 255 times the share of the highest value
            scale = np.full_like(highest, highest.max() * N_BINS / (N_BINS - 1))
            _, of_group = first_layer_features(model, group, scale)
            entropies |= dict(zip(rows[part], of_group, strict=True))
    return np.array([entropies[row] for row in range(len(labels))])


def _outputs(model: torch.nn.Module, images: np.ndarray | Stack) -> Iterator[torch.Tensor]:
    """Yield the first hidden layer's output (batch, k, voxels) in float64 on the CPU."""
    first = next(model.parameters())
    for part in parts(len(images), BATCH_SIZE):
        batch = torch.from_numpy(images[part]).unsqueeze(1)
        output = first_hidden_layer(model, batch.to(first.device, first.dtype))
        yield output.flatten(2).double().cpu()


def class_table(
    measures: Mapping[str, np.ndarray],
    labels: np.ndarray,
    names: Sequence[str],
    head_size: np.ndarray,
) -> pd.DataFrame:
    """Describe and test every measure of every feature.

    Parameters
    ----------
    measures : mapping of str to numpy.ndarray, shape (n, k)
        By name: mean, entropy and so on of each participant and feature.
    labels, names, head_size
        As for `feature_tests`.

    Returns
    -------
    pandas.DataFrame
        measure, n (participants), and the columns of `feature_means` and `feature_tests`.
    """
    tables = []
    for measure, values in measures.items():
        table = feature_means(values, labels, names).merge(
            feature_tests(values, labels, names, head_size), on="feature", suffixes=("", "_test")
        )
        table.insert(0, "measure", measure)
        table.insert(1, "n", len(labels))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


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

    All features of one layer change with the share of the box that the brain fills. If the head
    sizes of a few held-out participants happen to differ between the classes, every feature
    differs. The adjusted test tells this from a true difference.

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
        and head size), larger (the class whose mean is larger where p_holm < .05, else ''). A
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
