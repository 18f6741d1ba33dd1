"""A user's network as a pure function from images to logits.

A call changes nothing of the module: evaluation mode, detached parameters and copied buffers hold
inside the block only, also when it ends in an error.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from voxplain.attribution.channels_last import ChannelsLast, SharedMemoryError
from voxplain.errors import AttributionError

# The paper's network (32 channels, 58x70x58) keeps about 130 MB per image for a backward pass:
# 2 images on a CPU, where larger passes were slower, and about 70 on a GPU (not yet measured).
_VOXELS_PER_PASS = {"cpu": 2**19, "cuda": 2**24}


def images_per_pass(images: torch.Tensor) -> int:
    """Return how many images of this size go through the network together (at least one)."""
    budget = _VOXELS_PER_PASS.get(images.device.type, _VOXELS_PER_PASS["cpu"])
    return max(1, budget // images[0].numel())


@dataclass(frozen=True)
class Network:
    """A module as a function of images alone, with a fixed state."""

    model: torch.nn.Module
    state: dict[str, torch.Tensor]

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Return the logits, (n, n_classes), of images (n, 1, D, H, W).

        Raises
        ------
        AttributionError
            The output is not a table of finite logits.
        """
        logits: torch.Tensor = torch.func.functional_call(self.model, self.state, (images,))
        _check_logits(logits, len(images))
        return logits


@contextlib.contextmanager
def frozen(model: torch.nn.Module, images: torch.Tensor) -> Iterator[Network]:
    """Yield `model` as a function in evaluation mode.

    Parameters
    ----------
    model : torch.nn.Module
    images : torch.Tensor
        Tell the device and the dtype.

    Yields
    ------
    Network

    Notes
    -----
    Inside the block gradients are recorded (also where the caller switched them off) but never
    with respect to parameters, autocast and TF32 are off, cuDNN is deterministic and random
    numbers that the network draws do not advance the global generators. Afterwards training
    flags, attributes, parameters, buffers and generators are as they were.
    """
    modules = list(model.modules())
    attributes = [dict(module.__dict__) for module in modules]
    training = [module.training for module in modules]
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(torch.autocast(images.device.type, enabled=False))
        if images.is_cuda:
            stack.enter_context(
                torch.backends.cudnn.flags(
                    enabled=True, benchmark=False, deterministic=True, allow_tf32=False
                )
            )
        stack.enter_context(
            torch.random.fork_rng(devices=[images.device] if images.is_cuda else [])
        )
        state = {name: value.detach() for name, value in model.named_parameters()}
        state |= {name: value.detach().clone() for name, value in model.named_buffers()}
        try:
            for module in modules:
                module.training = False
            yield Network(model, state)
        finally:
            for module, kept, flag in zip(modules, attributes, training, strict=True):
                module.__dict__.clear()
                module.__dict__.update(kept)
                module.training = flag


def _check_logits(logits: object, n: int) -> None:
    if not isinstance(logits, torch.Tensor) or logits.ndim != 2 or len(logits) != n:
        form = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
        raise AttributionError(
            f"the network returned {form} for {n} images; wrap it so that it returns one row of "
            f"logits per image, shape ({n}, n_classes)"
        )
    if not torch.isfinite(logits.detach()).all():
        raise AttributionError(
            "the network's logits are not finite; check its weights and the images' intensities"
        )


def check_model(model: object) -> None:
    """Raise an `AttributionError` unless the model is a torch module."""
    if not isinstance(model, torch.nn.Module):
        raise AttributionError(f"model is a {type(model).__name__}; pass a torch.nn.Module")


def check_inputs(
    model: torch.nn.Module, images: torch.Tensor, targets: torch.Tensor | None
) -> torch.Tensor | None:
    """Refuse what no method can explain; return the targets as int64 on the images' device.

    Parameters
    ----------
    model, images, targets
        As every attribution method takes them.

    Raises
    ------
    AttributionError
        The model is no module; the images have another shape, dtype or device than it needs, or
        hold values that are not finite; the targets are not one integer per image.
    """
    check_model(model)
    if not isinstance(images, torch.Tensor):
        raise AttributionError(f"images are a {type(images).__name__}; pass a torch tensor")
    if images.ndim != 5 or images.shape[1] != 1 or 0 in images.shape:
        raise AttributionError(
            f"images have shape {tuple(images.shape)}; pass (n, 1, D, H, W) with n at least 1"
        )
    if images.dtype not in (torch.float32, torch.float64):
        raise AttributionError(f"images are {images.dtype}; pass float32 or float64")
    for name, value in model.named_parameters():
        if value.is_floating_point() and value.dtype != images.dtype:
            raise AttributionError(
                f"parameter {name} is {value.dtype} but the images are {images.dtype}; "
                "convert one of them"
            )
        if value.device != images.device:
            raise AttributionError(
                f"parameter {name} is on {value.device} but the images are on {images.device}; "
                "move one of them"
            )
    if not torch.isfinite(images.detach().sum()):  # cheap; an overflow only costs a second look
        bad = (~torch.isfinite(images.detach())).flatten(1).any(1).nonzero().flatten().tolist()
        if bad:
            raise AttributionError(f"images {bad} hold NaN or infinite voxels; repair or drop them")
    return None if targets is None else _check_targets(targets, images)


def _check_targets(targets: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    targets = torch.as_tensor(targets, device=images.device)
    no_index = targets.is_floating_point() or targets.is_complex() or targets.dtype == torch.bool
    if targets.shape != (len(images),) or no_index:
        raise AttributionError(
            f"targets are {targets.dtype} of shape {tuple(targets.shape)}; pass one int64 class "
            f"index per image, shape ({len(images)},)"
        )
    return targets.detach().to(torch.int64, copy=True)


def choose_targets(logits: torch.Tensor, targets: torch.Tensor | None) -> torch.Tensor:
    """Return the classes to explain, (n,) int64: `targets` or, for None, the predicted ones.

    Parameters
    ----------
    logits : torch.Tensor, (n, n_classes)
    targets : torch.Tensor, (n,), int64, optional

    Raises
    ------
    AttributionError
        A target is a class that the network does not have.
    """
    if targets is None:
        return logits.detach().argmax(1)
    n_classes = logits.shape[1]
    bad = targets[(targets < 0) | (targets >= n_classes)].tolist()
    if bad:
        raise AttributionError(
            f"targets name classes {sorted(set(bad))}; the network has classes 0 to {n_classes - 1}"
        )
    return targets


def gradient_by(
    source: torch.Tensor,
    scores: torch.Tensor,
    what: str = "the images",
    remedy: str = "",
    retain_graph: bool = False,
) -> torch.Tensor:
    """Return the gradient of the sum of `scores` by `source`.

    Parameters
    ----------
    source : torch.Tensor
    scores : torch.Tensor, (n,)
    what, remedy : str
        Name of the source, and what else the user can do, for the message.
    retain_graph : bool
        Whether a second backward pass follows.

    Raises
    ------
    AttributionError
        The scores do not depend on the source differentiably.
    """
    gradient = None
    if scores.requires_grad:
        (gradient,) = torch.autograd.grad(
            scores.sum(), source, retain_graph=retain_graph, allow_unused=True
        )
    if gradient is None:
        raise AttributionError(
            f"the logits do not depend on {what} differentiably; {remedy}remove detach() or "
            "no_grad() from the network's forward"
        )
    return gradient


def target_scores(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return each image's logit of its target, (n,).

    Parameters
    ----------
    logits : torch.Tensor, (n, n_classes)
    targets : torch.Tensor, (n,), int64
    """
    return logits.gather(1, targets[:, None])[:, 0]


def in_passes(compute: Callable[[slice], Any], n: int, size: int) -> list[Any]:
    """Compute `n` images a pass at a time, and halve the pass when the GPU's memory is full.

    Parameters
    ----------
    compute : callable
        Called with the slice of each pass, and again after a pass that did not fit.
    n, size : int
        Number of images in all and, at first, per pass.

    Returns
    -------
    list
        What `compute` returned, in order.

    Raises
    ------
    AttributionError
        A single image does not fit.
    """
    results, start, size = [], 0, min(size, n)
    while start < n:
        try:
            results.append(compute(slice(start, start + size)))
        except torch.OutOfMemoryError as error:
            if size == 1:
                raise AttributionError(
                    "the GPU's memory holds less than one image's pass through the network; use a "
                    "GPU with more memory, stop other programs on this GPU, or set gpu: 0"
                ) from error
            size = (size + 1) // 2
            print(f"The GPU's memory is full; continuing with {size} images at a time", flush=True)
        else:
            start += size
            continue
        torch.cuda.empty_cache()  # here, where the error and with it the pass's tensors are gone
    return results


def attribute_in_passes(
    explain: Callable[[Network, torch.Tensor, torch.Tensor | None], tuple[torch.Tensor, ...]],
    model: torch.nn.Module,
    images: torch.Tensor,
    targets: torch.Tensor | None,
) -> tuple[torch.Tensor, ...]:
    """Explain a batch a few images at a time.

    Parameters
    ----------
    explain : callable
        ``(network, images, targets) -> tensors``, with the images of the pass as first axis.
    model, images, targets
        As every attribution method takes them.

    Returns
    -------
    tuple of torch.Tensor
        The tensors of `explain`, each for all images.
    """
    targets = check_inputs(model, images, targets)
    with frozen(model, images) as network:
        layout = ChannelsLast(images)

        def explain_part(part: slice) -> tuple[torch.Tensor, ...]:
            chosen = None if targets is None else targets[part]
            try:
                with layout:
                    return explain(network, images[part].detach(), chosen)
            except SharedMemoryError:
                return explain(network, images[part].detach(), chosen)

        passes = in_passes(explain_part, len(images), images_per_pass(images))
    if len(passes) == 1:
        (columns,) = passes
        return tuple(columns)
    return tuple(torch.cat(column) for column in zip(*passes, strict=True))
