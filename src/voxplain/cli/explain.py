"""``voxplain explain``: maps of images by a trained network."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from voxplain.cli.common import console, counted, errors, key_values, progress_bar, results_table

EXAMPLES = """\
**Examples**

`voxplain explain results/demo/cnn/fold-01/model.pt T1w.nii.gz --method grad-cam --target 1 --out
map.nii.gz`

`voxplain explain model.pt sub-*_T1w.nii.gz --method meaningful-perturbation --set iterations=100
--out maps`

`voxplain explain weights.pt T1w.nii.gz --network networks/resnet.py:ResNet --network-set width=16
--shape 58 70 58 --normalisation brain_mean --method guided-backprop --out map.nii.gz`
"""


class Method(StrEnum):
    """`voxplain.attribution.METHODS` as typed; that module imports torch."""

    MEANINGFUL_PERTURBATION = "meaningful-perturbation"
    GUIDED_BACKPROP = "guided-backprop"
    GRAD_CAM = "grad-cam"
    INTEGRATED_GRADIENTS = "integrated-gradients"
    SMOOTH_GRAD = "smooth-grad"
    OCCLUSION = "occlusion"


def explain(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="model.pt of a run, or a state dict.")
    ],
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE", help="Brain-extracted NIfTI files.")
    ],
    method: Annotated[Method, typer.Option(help="How to explain.")],
    out: Annotated[Path, typer.Option(help="Map (.nii or .nii.gz); of several images a folder.")],
    target: Annotated[
        str | None, typer.Option(help="Class by number or name; by default the predicted one.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the method; repeatable."),
    ] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option(help="The run's configuration, whose settings and seed are used; repeatable."),
    ] = None,
    mask: Annotated[
        list[Path] | None, typer.Option(help="Brain mask of each image, in their order.")
    ] = None,
    on_input_grid: Annotated[
        bool, typer.Option("--on-input-grid", help="Interpolate the map to the image's own grid.")
    ] = False,
    network: Annotated[
        str | None, typer.Option(metavar="FILE.PY:NAME", help="Code of your own network.")
    ] = None,
    network_set: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Its keyword arguments, for a state dict."),
    ] = None,
    shape: Annotated[
        tuple[int, int, int] | None, typer.Option(help="Grid of its images, for a state dict.")
    ] = None,
    normalisation: Annotated[
        str | None,
        typer.Option(help="none, brain_mean or zscore, as it was trained, for a state dict."),
    ] = None,
    gpu: Annotated[bool, typer.Option("--gpu", help="Compute on a CUDA device.")] = False,
    threads: Annotated[int, typer.Option(help="CPU threads.", min=1)] = 1,
) -> None:
    """Make attribution maps of images, and print what the network says of them.

    Each image is registered, cut out by the template's brain, downsampled and normalised as the
    network's training images were; a model file of a run says how. Maps are raw and non-negative,
    on the network's grid (RAS, mm), and equal those of the run if --config names its configuration.
    Weights are read as tensors, code in them never.
    """
    from voxplain.errors import ConfigError
    from voxplain.explain import explain_image, map_paths, open_network, write_map
    from voxplain.network.device import prepare_device

    name = method.replace("-", "_")
    paths = map_paths(images, out, name)
    masks = _masks(mask, images)
    seed, chosen = _settings(name, config)
    chosen |= key_values(settings or [], "--set")
    opened, form = open_network(
        *(model, prepare_device(threads, int(gpu)), network),
        settings=key_values(network_set or [], "--network-set"),
        shape=shape,
        normalisation=normalisation,
    )
    if on_input_grid and form.registration == "antspy":
        raise ConfigError(
            "--on-input-grid: this network's images are registered to MNI152, and its maps lie "
            "there; leave the option out"
        )
    explained_class = form.class_index(target)
    rows = []
    for k, (image, path, brain) in enumerate(zip(images, paths, masks, strict=True)):
        with progress_bar(f"{image.name} ({k + 1} of {len(images)})") as report:
            found = explain_image(
                *(opened, form, image, name, explained_class, chosen),
                seed=seed,
                mask=brain,
                progress=report,
            )
        write_map(path, found, image if on_input_grid else None)
        names = form.class_names(len(found.probabilities))
        chances = [f"{p:.3f}" for p in found.probabilities]
        rows.append((image.name, *chances, names[found.target], str(path)))
        if not found.map.any():
            errors.print(f"{image.name}: the map is zero everywhere: {name} found nothing")
    headings = ("image", *(f"p({one})" for one in names), "explained", "map")
    table = results_table(headings, left=headings)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _masks(masks: list[Path] | None, images: list[Path]) -> list[Path | None]:
    if masks and len(masks) != len(images):
        raise typer.BadParameter(
            f"{len(masks)} for {counted(len(images), 'image')}", param_hint="--mask"
        )
    return list(masks) if masks else [None] * len(images)


def _settings(method: str, config: list[Path] | None) -> tuple[int, dict[str, Any]]:
    """Return seed and method settings of a run, or the default seed and none."""
    from voxplain.errors import ConfigError
    from voxplain.explain import SEED
    from voxplain.run.config import read_config

    if not config:
        return SEED, {}
    run = read_config(config)
    try:
        return run["seed"], dict(run["attribution"][method])
    except KeyError as error:
        raise ConfigError(
            f"--config: there is no {error} in {', '.join(map(str, config))}; name config.yaml "
            "first and your own file after it"
        ) from error
