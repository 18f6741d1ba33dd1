"""What limits the report's answer, in lines at the top of the page. All by rule."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from voxplain import paper
from voxplain.claims.prediction import cnn_is_evidence
from voxplain.claims.verdicts import find
from voxplain.preparation.settings import RegistrationSettings, registration_of
from voxplain.preparation.spaces import is_mni152
from voxplain.report.answer import class_names, head_size_is_measured, null_cohort
from voxplain.report.methods import CONTRASTS
from voxplain.report.results import RunResults

GAP = 0.2  # standard deviations; Cohen's small effect


class Notice(NamedTuple):
    """One line at the top of the page; level is ``stop``, ``warn`` or ``note``."""

    level: str
    text: str


def near_chance(accuracy: pd.DataFrame | None) -> list[Notice]:
    """Warn of maps of a network that is near chance."""
    if accuracy is None or cnn_is_evidence(accuracy):
        return []
    return [Notice("stop", "The network is near chance: its maps are no evidence about the brain.")]


def notices(results: RunResults) -> list[Notice]:
    """List what a reader must know before believing the maps."""
    config = results.config
    shown = near_chance(results.accuracy)
    if config["attribution"]["model"] == "all":
        shown.append(
            Notice(
                "warn",
                "In-sample: the maps explain one model trained on all participants, on these same "
                "participants (the paper's protocol).",
            )
        )
    shown += _cohort_notices(config, results.participants)
    shown += _confounded(results)
    registration = registration_of(config)
    shown.append(_space_notice(config["cohort"]["space"], registration))
    degenerate = results.degenerate
    if degenerate is not None and (degenerate["n_degenerate"] > 0).any():
        count, total = int(degenerate["n_degenerate"].sum()), int(degenerate["n_maps"].sum())
        shown.append(
            Notice("warn", f"{count} of {total} maps are zero everywhere; they count as zeros.")
        )
    reduced = _reductions(config)
    if reduced:
        shown.append(Notice("note", "Smaller than the paper: " + "; ".join(reduced) + "."))
    return shown


def _cohort_notices(config: Mapping[str, Any], people: pd.DataFrame | None) -> list[Notice]:
    shown = []
    if config["cohort"]["layout"] == "synthetic":
        shown.append(
            Notice(
                "note",
                "Synthetic participants made from the MNI152 template, "
                + (
                    "with no effect planted: a model above chance would be an error."
                    if null_cohort(config)
                    else "with effects planted in known regions: the results say nothing about "
                    "people."
                ),
            )
        )
    if people is not None and people["family_id"].isna().all():
        shown.append(
            Notice(
                "warn",
                "Families are not controlled: family_id is unknown, so relatives may be in both "
                "the training and the test set.",
            )
        )
    related = 0 if people is None else _relatives(people)
    if people is not None and related and config["folds"]["groups"] == "none":
        shown.append(
            Notice(
                "warn",
                "Families are split between training and test sets (folds.groups: none, the "
                f"paper's folds): {related} of {len(people)} participants have relatives in the "
                "cohort, so accuracies may be too high; snakemake repeats measures by how much. "
                "Permutations and bootstraps keep families together.",
            )
        )
    contrast = config["cohort"]["contrast"]
    if contrast != "T1w":
        shown.append(Notice("note", f"The images are {CONTRASTS[contrast]}, not T1-weighted."))
    if head_size_is_measured(people):
        shown.append(
            Notice(
                "note",
                "No head size is given. The head-size model uses the brain volume measured in the "
                "images as given; earlier scaling of the images has removed part of it.",
            )
        )
    return shown


def _confounded(results: RunResults) -> list[Notice]:
    """Warn of ages and head sizes that differ between the classes."""
    config, people = results.config, results.participants
    if people is None:
        return []
    shown, names = [], class_names(config)
    # Simulated images do not depend on age.
    gap = None if config["cohort"]["layout"] == "synthetic" else _gap(people, "age", names)
    if gap is not None and abs(gap) > GAP:
        shown.append(
            Notice(
                "warn",
                f"Age is confounded: {names[int(gap > 0)]} are older by {abs(gap):.2f} standard "
                "deviations, so the network may classify by age and its maps may show ageing.",
            )
        )
    gap = _gap(people, "tiv", names)
    if gap is not None and abs(gap) > GAP:
        shown.append(
            Notice(
                "warn",
                f"Head size is confounded: {names[int(gap > 0)]} have larger heads by "
                f"{abs(gap):.2f} standard deviations{_by_head_size(results.accuracy)}. The "
                "network may classify by head size and its maps may show it; the accuracy in pairs "
                "matched for head size is given under Prediction.",
            )
        )
    return shown


def _by_head_size(accuracy: pd.DataFrame | None) -> str:
    """Say how well head size alone predicts the class, if that is above chance."""
    row = find(accuracy, model="head_size")
    if row is None or not row["evidence"]:
        return ""
    return (
        f", which alone predicts the class with an accuracy of {row['accuracy']:.2f} (95 % CI "
        f"{row['ci_low']:.2f} to {row['ci_high']:.2f}; larger class {row['majority']:.2f})"
    )


def _relatives(people: pd.DataFrame) -> int:
    """Count the participants with a known relative in the cohort."""
    return int(people["family_id"].dropna().duplicated(keep=False).sum())


def _space_notice(space: str, registration: RegistrationSettings) -> Notice:
    after = registration.space_after(space)
    if not is_mni152(after):
        return Notice(
            "warn",
            f"The images are in {after} space, not registered to MNI152: there are no atlas "
            "tables, and voxels of different participants do not correspond.",
        )
    if after == space:
        return Notice("note", "The images are in MNI152 space, as the configuration says.")
    by = {
        "transforms": "the given transforms",
        "antspy": "an affine by ANTsPy for each",
        "prepared": "an affine by ANTsPy for each brain, which the run extracted itself",
    }
    return Notice(
        "note",
        f"The images were registered to {after} by {by[registration.method]} "
        "(volumes/volumes.json has the details of each participant).",
    )


def _gap(people: pd.DataFrame, column: str, names: tuple[str, str]) -> float | None:
    """Class 1's mean minus class 0's in pooled standard deviations, if the values are known."""
    groups = [people.loc[people["class_name"] == name, column].dropna() for name in names]
    if min(map(len, groups)) < 2:
        return None
    pooled = (sum(group.var() for group in groups) / 2) ** 0.5
    return (groups[1].mean() - groups[0].mean()) / pooled if pooled > 0 else None


def _reductions(config: Mapping[str, Any]) -> list[str]:
    attribution = config["attribution"]
    pairs: list[tuple[str, Any, Any]] = [
        ("grid", tuple(config["volumes"]["shape"]), paper.SHAPE),
        ("folds", config["folds"]["n_splits"], paper.N_FOLDS),
    ]
    if config["cnn"]["network"] is None:
        pairs.insert(1, ("channels", tuple(config["cnn"]["channels"]), paper.CHANNELS))
    if "meaningful_perturbation" in attribution["methods"]:
        settings = attribution["meaningful_perturbation"]
        pairs += [
            ("perturbation draws", settings["draws"], paper.DRAWS),
            ("perturbation iterations", settings["iterations"], paper.ITERATIONS),
        ]
    return [
        f"{name} {_size(ours)} instead of {_size(theirs)}"
        for name, ours, theirs in pairs
        if ours < theirs
    ]


def _size(value: int | tuple[int, ...]) -> str:
    return "×".join(map(str, value)) if isinstance(value, tuple) else str(value)
