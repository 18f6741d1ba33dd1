"""``voxplain explain``: attribution maps of images by a trained network."""

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
    """The names of `voxplain.attribution.METHODS`, without importing torch."""

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
    method: Annotated[Method, typer.Option(help="Attribution method.")],
    out: Annotated[Path, typer.Option(help="Map (.nii or .nii.gz); a folder for several images.")],
    target: Annotated[
        str | None,
        typer.Option(help="Class, by number or name; by default the predicted one."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the method; repeatable."),
    ] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option(help="Configuration of the run, for its settings and seed; repeatable."),
    ] = None,
    mask: Annotated[
        list[Path] | None, typer.Option(help="Brain mask of each image, in the same order.")
    ] = None,
    on_input_grid: Annotated[
        bool, typer.Option("--on-input-grid", help="Interpolate the map to the image's own grid.")
    ] = False,
    network: Annotated[
        str | None, typer.Option(metavar="FILE.PY:NAME", help="Code of your own network.")
    ] = None,
    network_set: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="The network's arguments, for a state dict."),
    ] = None,
    shape: Annotated[
        tuple[int, int, int] | None,
        typer.Option(help="The network's grid, for a state dict."),
    ] = None,
    normalisation: Annotated[
        str | None,
        typer.Option(help="none, brain_mean or zscore, as in training, for a state dict."),
    ] = None,
    gpu: Annotated[bool, typer.Option("--gpu", help="Compute on a CUDA device.")] = False,
    threads: Annotated[int, typer.Option(help="CPU threads.", min=1)] = 1,
) -> None:
    """Make attribution maps of images, and print the network's predictions.

    Each image is registered, masked, downsampled and normalised like the network's training images;
    the model file of a run says how. Maps are raw and non-negative, on the network's grid (RAS,
    mm). They equal those of the run if --config names its configuration. Code in the weights file
    is never executed.
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
        model,
        prepare_device(threads, int(gpu)),
        network,
        settings=key_values(network_set or [], "--network-set"),
        shape=shape,
        normalisation=normalisation,
    )
    if on_input_grid and form.registration == "antspy":
        raise ConfigError(
            "--on-input-grid: the images and maps of this network are in MNI152 space; leave the "
            "option out"
        )
    explained_class = form.class_index(target)
    rows = []
    for k, (image, path, brain) in enumerate(zip(images, paths, masks, strict=True)):
        with progress_bar(f"{image.name} ({k + 1} of {len(images)})") as report:
            explanation = explain_image(
                opened,
                form,
                image,
                name,
                explained_class,
                chosen,
                seed=seed,
                mask=brain,
                progress=report,
            )
        write_map(path, explanation, image if on_input_grid else None)
        names = form.class_names(len(explanation.probabilities))
        probabilities = [f"{value:.3f}" for value in explanation.probabilities]
        rows.append((image.name, *probabilities, names[explanation.target], str(path)))
        if not explanation.map.any():
            errors.print(f"{image.name}: the map of {name} is zero everywhere")
    headings = ("image", *(f"p({class_name})" for class_name in names), "explained", "map")
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
            "first, then your own file"
        ) from error
