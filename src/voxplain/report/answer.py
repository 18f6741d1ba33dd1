"""What the report says first: the answer in one paragraph, and what limits it. All by rule."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from statsmodels.stats.multitest import multipletests

from voxplain import paper
from voxplain.figures.style import method_name, model_name
from voxplain.report.claims_maps import SIGNIFICANCE, masked_rows, masks_suffice
from voxplain.report.claims_prediction import cnn_is_evidence
from voxplain.report.methods import CONTRASTS
from voxplain.report.tables import relation

AGE_GAP = 0.2  # standard deviations; Cohen's small effect


class Notice(NamedTuple):
    """One line of the quality banner; level is ``stop``, ``warn`` or ``note``."""

    level: str
    text: str


def class_names(config: Mapping[str, Any]) -> tuple[str, str]:
    """Return the names of the negative and the positive class."""
    classes = config["cohort"]["classes"]
    return classes["negative"], classes["positive"]


def null_cohort(config: Mapping[str, Any]) -> bool:
    """Whether the participants are simulated without any planted effect."""
    cohort = config["cohort"]
    return cohort["layout"] == "synthetic" and cohort["synthetic"]["null_cohort"]


def answer(context: Mapping[str, Any]) -> str:
    """Write the answer paragraph from the run's tables.

    Parameters
    ----------
    context : mapping
        As for `voxplain.report.build`.
    """
    accuracy = context.get("accuracy")
    if accuracy is None or "cnn" not in set(accuracy["model"]):
        return "This run has no predictions of the network, so it answers nothing yet."
    config = context["config"]
    sentences = [
        _network(accuracy, class_names(config)),
        *_others(accuracy, context.get("participants")),
    ]
    if not cnn_is_evidence(accuracy):
        sentences.append(
            "A network that predicts no better than this has learnt nothing to explain: its "
            "attribution maps are no evidence about the brain."
        )
        return " ".join(sentences)
    sentences += [
        sentence
        for sentence in (
            _localised(context.get("localisation")),
            _found_regions(context.get("localisation_regions")),
            _regions(context.get("table2"), config["attribution"]["methods"]),
            _sufficient(context.get("masked")),
            _agreeing(context.get("table3")),
        )
        if sentence
    ]
    return " ".join(sentences)


def _network(accuracy: pd.DataFrame, names: tuple[str, str]) -> str:
    row = accuracy.set_index("model").loc["cnn"]
    verdict = "above chance" if row["evidence"] else "not reliably above chance"
    return (
        f"On {int(row['n'])} held-out participants the 3D CNN told {names[0]} from {names[1]} with "
        f"an accuracy of {row['accuracy']:.2f} (95 % CI {row['ci_low']:.2f} to "
        f"{row['ci_high']:.2f}); always naming the larger class gives {row['majority']:.2f}, so "
        f"this is {verdict} (permutation p {relation(row['p_permutation'])})."
    )


def head_size_is_measured(people: pd.DataFrame | None) -> bool:
    """Whether the head-size model has only the brain volume that the images themselves show."""
    return people is not None and bool(people["tiv"].isna().all())


def head_size_name(people: pd.DataFrame | None, model: str) -> str:
    """Spell out a model; the head-size model by what it was truly given."""
    if model == "head_size" and head_size_is_measured(people):
        return "Brain volume in the images"
    return model_name(model)


def _others(accuracy: pd.DataFrame, people: pd.DataFrame | None) -> list[str]:
    rows = accuracy.set_index("model")["accuracy"]
    sentences = []
    models = rows.drop(["cnn", "head_size"], errors="ignore")
    if len(models):
        best = models.idxmax()
        sentences.append(
            f"The best model without a network: {model_name(best)}, {models[best]:.2f}."
        )
    if "head_size" in rows.index:
        name = head_size_name(people, "head_size").removesuffix(" alone")
        sentences.append(f"{name} alone gave {rows['head_size']:.2f}.")
    return sentences


def _listed(methods: pd.Series) -> str:
    names = [method_name(method) for method in methods]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _localised(table: pd.DataFrame | None) -> str:
    if table is None:
        return ""
    found = table[multipletests(table["p_auc"], method="holm")[1] < SIGNIFICANCE]
    best = table.loc[table["auc"].idxmax()]
    if found.empty:
        return "No method found the planted regions better than smooth random maps do."
    return (
        f"The planted regions were found beyond chance by {_listed(found['method'])} (Holm over "
        f"the methods; best: {method_name(best['method'])}, AUC {best['auc']:.2f}; 95 % of smooth "
        f"random maps stay below {best['null_auc_p95']:.2f})."
    )


def _found_regions(table: pd.DataFrame | None) -> str:
    """Count the planted regions that each method finds, corrected for their number."""
    if table is None:
        return ""
    counts = []
    for method, part in table.groupby("method", sort=False):
        found = multipletests(part["p_auc"], method="holm")[1] < SIGNIFICANCE
        counts.append(f"{method_name(method)} {int(found.sum())} of {len(part)}")
    return "Planted regions found one by one (Holm over the regions): " + ", ".join(counts) + "."


def _regions(tables: Mapping[str, pd.DataFrame] | None, methods: Sequence[str]) -> str:
    if not tables or "meaningful_perturbation" not in methods:
        return ""
    counts = []
    for atlas, table in tables.items():
        rows = table[table["method"] == "meaningful_perturbation"]
        counts.append(f"{int((rows['p_fwe'] < SIGNIFICANCE).sum())} of {len(rows)} in {atlas}")
    return (
        "Regions where Meaningful Perturbations exceed the spatial null, family-wise p < 0.05: "
        + ", ".join(counts)
        + "."
    )


def _sufficient(masked: pd.DataFrame | None) -> str:
    suffices = None if masked is None else masks_suffice(masked)
    if suffices is None:
        return ""
    rows = masked_rows(masked, "conjoined")
    mask = rows["mask"]
    numbers = (
        f"Images restricted to the conjoined mask are told apart with an accuracy of "
        f"{mask['accuracy_mean']:.2f}; random masks of its volume leave {mask['random_mean']:.2f} "
        f"(p {relation(mask['p_random'])}) and its complement "
        f"{rows['complement']['accuracy_mean']:.2f}"
    )
    if suffices:
        return numbers + ", so the mask holds more of what the network needs than either."
    return numbers + ", so the mask does not hold all that the network needs."


def _agreeing(table: pd.DataFrame | None) -> str:
    if table is None:
        return ""
    above = int((table["p_null"] < SIGNIFICANCE).sum())
    dice = table["dice_equal_area"]
    return (
        f"The methods' true overlap is a Dice of {dice.min():.2f} to {dice.max():.2f} at equal "
        f"area (chance {table['chance'].mean():.2f}); {above} of {len(table)} pairs exceed smooth "
        "random masks."
    )


def notices(context: Mapping[str, Any]) -> list[Notice]:
    """List what a reader must know before believing the maps."""
    config = context["config"]
    found = []
    accuracy = context.get("accuracy")
    if accuracy is not None and not cnn_is_evidence(accuracy):
        found.append(
            Notice("stop", "The network is near chance: its maps are no evidence about the brain.")
        )
    if config["attribution"]["model"] == "all":
        found.append(
            Notice(
                "warn",
                "In-sample: the maps explain one model, trained on everybody, on participants "
                "that it was trained on (the paper's protocol).",
            )
        )
    found += _cohort_notices(config, context.get("participants"))
    degenerate = context.get("degenerate")
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
                "show, which registration with scaling removes in part.",
            )
        )
    names = class_names(config)
    # Simulated images do not depend on age.
    known = people is not None and config["cohort"]["layout"] != "synthetic"
    gap = _age_gap(people, names) if known else None
    if gap is not None and abs(gap) > AGE_GAP:
        older = names[int(gap > 0)]
        found.append(
            Notice(
                "warn",
                f"Age is confounded: {older} are older by {abs(gap):.2f} standard deviations, so "
                "a network may tell age apart and its maps may show ageing.",
            )
        )
    if config["cohort"]["space"] != "MNI152":
        found.append(
            Notice(
                "warn",
                f"The images are in {config['cohort']['space']} space, not registered to MNI152: "
                "no atlas tables, and voxels of different participants do not correspond.",
            )
        )
    else:
        found.append(Notice("note", "The images are in MNI152 space, as the configuration says."))
    return found


def _age_gap(people: pd.DataFrame, names: tuple[str, str]) -> float | None:
    """Class 1's mean age minus class 0's in pooled standard deviations, if ages are known."""
    groups = [people.loc[people["class_name"] == name, "age"].dropna() for name in names]
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
