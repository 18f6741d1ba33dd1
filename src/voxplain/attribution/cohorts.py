"""Maps of more images than memory holds, made and written a part at a time."""

import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import torch

from voxplain.attribution.result import AttributionResult
from voxplain.image.stack import Stack, parts
from voxplain.network.checkpoints import Checkpoint
from voxplain.run.chunk_sizes import PART_VOXELS
from voxplain.run.files import write_rows
from voxplain.run.seeds import stream_seed


def targets_of(rule: str, labels: np.ndarray) -> np.ndarray | None:
    """Return the class to explain for each participant.

    Parameters
    ----------
    rule : {"true_class", "predicted_class", "positive_class"}
        ``attribution.target`` of the configuration.
    labels : numpy.ndarray of int64, (n,)
        True classes.

    Returns
    -------
    numpy.ndarray of int64, (n,), or None
        None stands for the predicted class.
    """
    if rule == "predicted_class":
        return None
    return np.ones_like(labels) if rule == "positive_class" else labels


def seed_setting(method: Callable[..., AttributionResult], seed: int) -> dict[str, int]:
    """Return the setting ``seed`` of a method that draws random numbers, and none of the others.

    Parameters
    ----------
    method : callable
        One of `voxplain.attribution.METHODS`.
    seed : int
        The run's seed; each method has a stream of its own.
    """
    if "seed" not in inspect.signature(method).parameters:
        return {}
    return {"seed": stream_seed(seed, method.__name__)}


def explain_parts(
    explain: Callable[..., AttributionResult],
    model: torch.nn.Module,
    images: np.ndarray | Stack,
    targets: np.ndarray | None,
    settings: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
    checkpoint: Checkpoint | None = None,
) -> Iterator[AttributionResult]:
    """Explain a cohort's images a part at a time.

    Parameters
    ----------
    explain : callable
        One of `voxplain.attribution.METHODS`, or another function of that signature.
    model : torch.nn.Module
        As `explain` takes it.
    images : numpy.ndarray or Stack, (n, X, Y, Z)
        In the model's dtype.
    targets : numpy.ndarray of int64, (n,), optional
        As `explain` takes them.
    settings : mapping, optional
        Passed on.
    progress, checkpoint : optional
        For methods that take them. Progress is counted over all images; each part has its own
        checkpoint.

    Yields
    ------
    AttributionResult
        Of the next images, in order.
    """
    device = next(model.parameters()).device
    for number, part in enumerate(parts(len(images), PART_VOXELS // images[0].size)):
        batch = torch.from_numpy(images[part]).unsqueeze(1).to(device)
        chosen = None if targets is None else torch.from_numpy(targets[part]).to(device)
        arguments = dict(settings or {})
        if checkpoint is not None:
            arguments["checkpoint"] = checkpoint.part(number)
        if progress is not None:
            arguments["progress"] = _counted_over_all(progress, part, len(images))
        yield explain(model, batch, chosen, **arguments)


def write_maps(
    results: Iterable[AttributionResult], files: Mapping[str | os.PathLike[str], int], form: Stack
) -> dict[str, np.ndarray]:
    """Write maps as they come, one file after another.

    Parameters
    ----------
    results : iterable of AttributionResult
        From `explain_parts`.
    files : mapping of path to int
        Number of maps by file, in order.
    form : Stack
        The images: maps have their shape and dtype.

    Returns
    -------
    dict of numpy.ndarray, first axis of all images
        target, score, and the method's details.
    """
    tables: list[dict[str, np.ndarray]] = []

    def maps() -> Iterator[np.ndarray]:
        for result in results:
            columns = {"target": result.targets.cpu().numpy(), "score": result.scores.cpu().numpy()}
            tables.append(columns | result.details)
            yield from result.maps.cpu().numpy()

    remaining = maps()
    for path, n in files.items():
        write_rows(path, (n, *form.shape[1:]), form.dtype, islice(remaining, n))
    return {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}


def mean_curves(details: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Average what a method says of each iteration over the images.

    Parameters
    ----------
    details : mapping of numpy.ndarray
        As of `write_maps`; those of shape (n, iterations) are curves.

    Returns
    -------
    pandas.DataFrame
        iteration (from 1), and the mean of each curve.
    """
    curves = {name: value for name, value in details.items() if value.ndim == 2}
    table = pd.DataFrame({name: pd.DataFrame(value).mean() for name, value in curves.items()})
    table.insert(0, "iteration", table.index + 1)
    return table


def _counted_over_all(
    progress: Callable[[int, int], None], part: slice, n: int
) -> Callable[[int, int], None]:
    def report(done: int, total: int) -> None:
        per_image = total // (part.stop - part.start)
        progress(part.start * per_image + done, n * per_image)

    return report
