"""Grad-CAM and Guided Backpropagation, compared with the network alone and other libraries.

    OMP_NUM_THREADS=1 python benchmarks/gradient_methods.py
    OMP_NUM_THREADS=1 python benchmarks/gradient_methods.py --shape 30 36 30 --channels 8 16 32

All contenders run in turn in one process with the same memory allocator settings. The result is the
minimum processor time over the rounds, so other load on the machine has little effect. Ratios are
accurate to about 10 %. Memory is the peak of one call in a new process, above the memory
before it. Captum and MONAI come with voxplain's test extra; pytorch-grad-cam
and M3d-Cam are timed if they can be imported. A library without a number does not accept batches.
"""

import argparse
import importlib.util
import warnings
from collections.abc import Callable

import torch
from captum.attr import GuidedBackprop, LayerAttribution, LayerGradCam
from contenders import (
    fastest,
    in_new_process,
    make_network,
    network_parser,
    peak,
    reset_peak,
)
from monai.visualize import GradCAM, GuidedBackpropGrad

from voxplain.attribution import grad_cam, gradient_maps, guided_backprop
from voxplain.network.device import prepare_device

LAYER = "2.2"  # the last block's ReLU


def captum(model: torch.nn.Module, images: torch.Tensor, targets: torch.Tensor) -> dict:
    def cam():
        layer = LayerGradCam(model, model.get_submodule(LAYER))
        cams = layer.attribute(images, targets, relu_attributions=True)
        return LayerAttribution.interpolate(cams, tuple(images.shape[2:]), "trilinear")

    return {
        "Grad-CAM, Captum": cam,
        "Guided Backprop, Captum": lambda: GuidedBackprop(model).attribute(images, targets),
    }


def monai(model: torch.nn.Module, images: torch.Tensor) -> dict:
    # Its hooks stay on the model, so each call gets one built in advance; one class for all.
    cam = GradCAM(model, LAYER)
    runs = {"Grad-CAM, MONAI": lambda: cam(images, class_idx=0)}
    if len(images) == 1:
        guided = GuidedBackpropGrad(model)
        runs["Guided Backprop, MONAI"] = lambda: guided(images, index=0)
    return runs


def pytorch_grad_cam(model: torch.nn.Module, images: torch.Tensor) -> dict:
    from pytorch_grad_cam import GradCAM as TheirGradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    cam = TheirGradCAM(model, [model.get_submodule(LAYER)])
    targets = [ClassifierOutputTarget(0)] * len(images)
    return {"Grad-CAM, pytorch-grad-cam": lambda: cam(input_tensor=images, targets=targets)}


def medcam(model: torch.nn.Module, images: torch.Tensor) -> dict:
    from medcam.medcam_inject import inject

    runs = {}
    for name, backend in (("Grad-CAM, M3d-Cam", "gcam"), ("Guided Backprop, M3d-Cam", "gbp")):
        injected = inject(model, backend=backend, layer=LAYER, label=0, return_attention=True)
        runs[name] = lambda injected=injected: injected(images)
    return runs


def contenders(options: argparse.Namespace, n: int) -> dict[str, Callable[[], object]]:
    def fresh():
        torch.manual_seed(0)
        return make_network(options.shape, options.channels)

    model, last = fresh(), fresh().to(memory_format=torch.channels_last_3d)
    images, targets = torch.rand(n, 1, *options.shape), torch.zeros(n, dtype=torch.int64)
    runs = {
        "bare forward": torch.no_grad()(lambda: model(images)),
        "bare forward, channels last": torch.no_grad()(lambda: last(images)),
        "Grad-CAM": lambda: grad_cam(model, images, targets),
        "Guided Backprop": lambda: guided_backprop(model, images, targets),
        "both from one pass": lambda: gradient_maps(model, images, targets),
        **captum(fresh(), images, targets),
        **monai(fresh(), images),
    }
    if importlib.util.find_spec("pytorch_grad_cam"):
        runs |= pytorch_grad_cam(fresh(), images)
    if importlib.util.find_spec("medcam"):
        runs |= medcam(fresh(), images)
    return runs


def memory(options: argparse.Namespace, n: int, name: str) -> float:
    """Return the peak memory of one call above the memory before it, MB."""
    warnings.filterwarnings("ignore")
    prepare_device()
    run = contenders(options, n)[name]
    before = reset_peak()
    run()
    return peak() - before


def compare(options: argparse.Namespace, n: int) -> None:
    times = fastest(contenders(options, n), options.rounds)
    bare = times["bare forward"]
    print(f"\nbatch {n}: per subject, and times the bare forward pass without gradients")
    print(f"  {'':28s}{'ms':>9s}{'/ bare':>8s}{'MB peak':>9s}")
    for name, seconds in times.items():
        held = in_new_process(memory, options, n, name)
        print(f"  {name:28s}{1e3 * seconds / n:9.1f}{seconds / bare:8.2f}{held:9.0f}")


def main() -> None:
    options = network_parser(__doc__, rounds=5).parse_args()
    warnings.filterwarnings("ignore")
    prepare_device(torch.get_num_threads())
    threads = torch.get_num_threads()
    print(f"shape {options.shape}, channels {options.channels}, {threads} thread(s), CPU")
    for n in options.batches:
        compare(options, n)


if __name__ == "__main__":
    main()
