"""Every reason why a configuration cannot be run.

The workflow and ``voxplain check`` both ask `check_config`, so that they never disagree.
"""

import importlib.util
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from voxplain.errors import ConfigError
from voxplain.network.own import smallest_axis, source_digest
from voxplain.preparation.settings import INSTALL_ANTSPY
from voxplain.run.config import schema_problems
from voxplain.run.paths import fold_names

RESERVED_CLASSES = frozenset({"conjoined", "none", "brain", "all"})  # names of files and rows


def check_config(config: Mapping[str, Any], project: Path) -> None:
    """Refuse a configuration that cannot be run, for every reason at once.

    Parameters
    ----------
    config : mapping
        All keys, defaults included.
    project : Path
        Folder that holds the schema.

    Raises
    ------
    ConfigError
        One line per problem. What the schema cannot see is looked at once the schema is content.
    """
    problems = schema_problems(config, project) or setting_problems(config)
    if problems:
        raise ConfigError("\n".join(problems))


def setting_problems(config: Mapping[str, Any]) -> list[str]:
    """Return settings that contradict each other, of a configuration that the schema accepts."""
    return [problem for check in CHECKS for problem in check(config)]


def _root(config: Mapping[str, Any]) -> list[str]:
    layout = config["cohort"]["layout"]
    if layout == "synthetic" or config["cohort_root"] is not None:
        return []
    return [
        f"cohort.layout is {layout} but cohort_root is not set; name the folder of your data, "
        "for example: --config cohort_root=/data/my_study"
    ]


def _atlases(config: Mapping[str, Any]) -> list[str]:
    names = [atlas["name"] for atlas in config["atlases"]]
    problems = []
    if len(set(names)) < len(names):
        problems.append("atlases: two atlases have the same name; names must differ")
    cohort = config["cohort"]
    regions = cohort["synthetic"]["regions"] if cohort["layout"] == "synthetic" else []
    unknown = sorted({region["atlas"] for region in regions} - set(names))
    if unknown:
        problems.append(
            f"cohort.synthetic.regions: no such atlas: {', '.join(unknown)}; "
            f"atlases has {', '.join(names)}"
        )
    return problems


def _classes(config: Mapping[str, Any]) -> list[str]:
    names = [config["cohort"]["classes"][key] for key in ("negative", "positive")]
    if len(set(names)) == 2 and not RESERVED_CLASSES & set(names):
        return []
    return [
        f"cohort.classes: {', '.join(names)}: two different names are needed, none of them "
        f"{', '.join(sorted(RESERVED_CLASSES))}"
    ]


def _perturbation(config: Mapping[str, Any]) -> list[str]:
    settings = config["attribution"]["meaningful_perturbation"]
    if settings["norm"] != "sum" or settings["lambda_1"] < 1:
        return []
    return [
        "attribution.meaningful_perturbation: norm sum with lambda_1 of 1 or more leaves every "
        "map blank, because the probability can fall by at most 1; set lambda_1 to the order "
        "of one over the number of mask voxels (see docs/methods.md)"
    ]


def _robustness_fold(config: Mapping[str, Any]) -> list[str]:
    fold = config["evaluation"]["robustness"]["fold"]
    folds = fold_names(config["folds"]["n_splits"])
    if fold in folds:
        return []
    return [
        f"evaluation.robustness.fold: there is no fold '{fold}'; name one of {', '.join(folds)}"
    ]


def _network(config: Mapping[str, Any]) -> list[str]:
    source = config["cnn"]["network"]
    if source is None:
        return _papers_network(config)
    try:
        source_digest(source)
    except ConfigError as error:
        return [str(error)]
    return []


def _preparation(config: Mapping[str, Any]) -> list[str]:
    if config["preparation"] == "none":
        return []
    problems = []
    if importlib.util.find_spec("ants") is None:
        problems.append(f"preparation needs ANTsPy, which is not installed: {INSTALL_ANTSPY}")
    if config["registration"]["method"] != "none":
        problems.append(
            f"preparation registers the images, and registration.method is "
            f"{config['registration']['method']}; set one of them to none"
        )
    if config["cohort"]["contrast"] != "T1w":
        problems.append(
            f"preparation is for T1-weighted images, and cohort.contrast is "
            f"{config['cohort']['contrast']}; set preparation to none"
        )
    if config["volumes"]["brain_mask"] == "template":
        problems.append(
            "preparation finds each brain, and volumes.brain_mask is template; set it to image"
        )
    return problems


def _registration(config: Mapping[str, Any]) -> list[str]:
    settings, space = config["registration"], config["cohort"]["space"]
    method = settings["method"]
    problems = []
    if method in ("transforms", "antspy") and space != "native":
        problems.append(
            f"registration.method is {method}, but cohort.space says that the images are in "
            f"{space} already; set cohort.space to native or registration.method to none"
        )
    if method == "conform" and space != "MNI152":
        problems.append(
            "registration.method conform moves nothing, and images in native space have no common "
            "place; use transforms or antspy"
        )
    if method == "transforms" and settings["transform"] is None:
        problems.append("registration.method is transforms, but registration.transform names none")
    named = re.search(
        r"_to-([A-Za-z0-9]+)", settings["transform"] or ""
    )  # as BIDS names transforms
    if method == "transforms" and named and named[1] != settings["template"]:
        problems.append(
            f"registration.transform leads to {named[1]} by its name, and registration.template is "
            f"{settings['template']}; set the template that is true"
        )
    if method == "antspy" and importlib.util.find_spec("ants") is None:
        problems.append(
            f"registration.method is antspy, but ANTsPy is not installed: {INSTALL_ANTSPY}"
        )
    return problems


def _brain_mask(config: Mapping[str, Any]) -> list[str]:
    cohort = config["cohort"]
    settings = cohort[cohort["layout"]]
    if config["volumes"]["brain_mask"] != "template":
        return []
    problems = []
    if cohort["space"] != "MNI152" or config["registration"]["method"] != "none":
        problems.append(
            "volumes.brain_mask is template, which fits images that are in MNI152 space as they "
            "are; give masks (cohort.table.mask, cohort.bids.brain_mask) instead"
        )
    if settings.get("mask") or settings.get("brain_mask"):
        problems.append(
            f"volumes.brain_mask is template, but cohort.{cohort['layout']} gives masks; choose one"
        )
    return problems


def _papers_network(config: Mapping[str, Any]) -> list[str]:
    problems = []
    if config["cnn"]["network_settings"]:
        problems.append(
            "cnn.network_settings are those of your own network, but cnn.network is null; name it, "
            "or set channels and dropout of the paper's"
        )
    shape, blocks = config["volumes"]["shape"], len(config["cnn"]["channels"])
    if min(shape) < smallest_axis(blocks):
        problems.append(
            f"volumes.shape: {shape} is too small for the {blocks} blocks of cnn.channels; every "
            f"axis needs at least {smallest_axis(blocks)} voxels"
        )
    return problems


# A setting that contradicts another, or what is on disk, is refused by a function in this list.
CHECKS: tuple[Callable[[Mapping[str, Any]], list[str]], ...] = (
    _root,
    _classes,
    _atlases,
    _network,
    _perturbation,
    _robustness_fold,
    _preparation,
    _registration,
    _brain_mask,
)
