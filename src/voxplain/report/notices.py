"""What limits the report's answer, in lines that stand above everything else. All by rule."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from voxplain import paper
from voxplain.claims.prediction import cnn_is_evidence
from voxplain.claims.verdicts import find
from voxplain.preparation.spaces import is_mni152, space_after
from voxplain.report.answer import class_names, head_size_is_measured, null_cohort
from voxplain.report.methods import CONTRASTS
from voxplain.report.results import RunResults

GAP = 0.2  # standard deviations; Cohen's small effect


class Notice(NamedTuple):
    """One line of the quality banner; level is ``stop``, ``warn`` or ``note``."""

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
    found = near_chance(results.accuracy)
    if config["attribution"]["model"] == "all":
        found.append(
            Notice(
                "warn",
                "In-sample: the maps explain one model, trained on everybody, on participants "
                "that it was trained on (the paper's protocol).",
            )
        )
    found += _cohort_notices(config, results.participants)
    found += _confounded(results)
    found.append(_space_notice(config["cohort"]["space"], config["registration"]))
    degenerate = results.degenerate
    if degenerate is not None and (degenerate["n_degenerate"] > 0).any():
        count, total = int(degenerate["n_degenerate"].sum()), int(degenerate["n_maps"].sum())
        found.append(
            Notice("warn", f"{count} of {total} maps are zero everywhere; they count as zeros.")
        )
    reduced = _reductions(config)
    if reduced:
        found.append(Notice("note", "Smaller than the paper: " + "; ".join(reduced) + "."))
    return found


def _cohort_notices(config: Mapping[str, Any], people: pd.DataFrame | None) -> list[Notice]:
    found = []
    if config["cohort"]["layout"] == "synthetic":
        found.append(
            Notice(
                "note",
                "Synthetic participants made from the MNI152 template, "
                + (
                    "with no effect planted: a model above chance would be an error."
                    if null_cohort(config)
                    else "with effects planted in known regions: nothing here is a finding about "
                    "people."
                ),
            )
        )
    if people is not None and people["family_id"].isna().all():
        found.append(
            Notice(
                "warn",
                "Families are not controlled: family_id is unknown, so relatives may stand on "
                "both sides of a split.",
            )
        )
    related = 0 if people is None else _relatives(people)
    if related and config["folds"]["groups"] == "none":
        found.append(
            Notice(
                "warn",
                f"Families are divided (folds.groups: none, the paper's folds): {related} of "
                f"{len(people)} participants have relatives in the cohort, who may stand on the "
                "other side of a split, so that accuracies may be too high; snakemake repeats "
                "measures by how much. Permutations and bootstraps keep families whole.",
            )
        )
    contrast = config["cohort"]["contrast"]
    if contrast != "T1w":
        found.append(
            Notice("note", f"The voxels show {CONTRASTS[contrast]}, not T1-weighted signal.")
        )
    if head_size_is_measured(people):
        found.append(
            Notice(
                "note",
                "No head size is given; the head-size model uses the brain volume that the images "
                "as they were given show, which scaling before that has removed in part.",
            )
        )
    return found


def _confounded(results: RunResults) -> list[Notice]:
    """Warn of ages and head sizes that differ between the classes."""
    config, people = results.config, results.participants
    if people is None:
        return []
    found, names = [], class_names(config)
    # Simulated images do not depend on age.
    gap = None if config["cohort"]["layout"] == "synthetic" else _gap(people, "age", names)
    if gap is not None and abs(gap) > GAP:
        found.append(
            Notice(
                "warn",
                f"Age is confounded: {names[int(gap > 0)]} are older by {abs(gap):.2f} standard "
                "deviations, so a network may tell age apart and its maps may show ageing.",
            )
        )
    gap = _gap(people, "tiv", names)
    if gap is not None and abs(gap) > GAP:
        found.append(
            Notice(
                "warn",
                f"Head size is confounded: {names[int(gap > 0)]} have larger heads by "
                f"{abs(gap):.2f} standard deviations{_told_by_size(results.accuracy)}. A "
                "network may tell head size apart and its maps may show it; what is left in pairs "
                "matched for head size stands under Prediction.",
            )
        )
    return found


def _told_by_size(accuracy: pd.DataFrame | None) -> str:
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


def _space_notice(space: str, registration: Mapping[str, Any]) -> Notice:
    after = space_after(space, registration)
    if not is_mni152(after):
        return Notice(
            "warn",
            f"The images are in {after} space, not registered to MNI152: no atlas tables, and "
            "voxels of different participants do not correspond.",
        )
    if after == space:
        return Notice("note", "The images are in MNI152 space, as the configuration says.")
    by = {"transforms": "the transforms given for them", "antspy": "an affine of ANTsPy each"}
    return Notice(
        "note",
        f"The images were brought from their own space into {after} by "
        f"{by[registration['method']]} (volumes/volumes.json says how for each participant).",
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
    pairs = [
        ("grid", tuple(config["volumes"]["shape"]), paper.SHAPE),
        ("folds", config["folds"]["n_splits"], paper.N_FOLDS),
    ]
    if config["cnn"]["network"] is None:
        pairs.insert(1, ("channels", tuple(config["cnn"]["channels"]), paper.CHANNELS))
    if "meaningful_perturbation" in attribution["methods"]:
        own = attribution["meaningful_perturbation"]
        pairs += [
            ("perturbation draws", own["draws"], paper.DRAWS),
            ("perturbation iterations", own["iterations"], paper.ITERATIONS),
        ]
    return [
        f"{name} {_size(ours)} instead of {_size(theirs)}"
        for name, ours, theirs in pairs
        if ours < theirs
    ]


def _size(value: int | tuple[int, ...]) -> str:
    return "×".join(map(str, value)) if isinstance(value, tuple) else str(value)
