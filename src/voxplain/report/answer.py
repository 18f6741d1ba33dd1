"""The first paragraph of the report: the answer, by rule."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from statsmodels.stats.multitest import multipletests

from voxplain.claims.masked_accuracy import masked_rows, masks_suffice
from voxplain.claims.prediction import cnn_is_evidence
from voxplain.claims.verdicts import UNDECIDED
from voxplain.evaluation.trust.sanity_and_stability import sanity
from voxplain.names import method_name, model_name, relation
from voxplain.report.blocks import counted
from voxplain.report.results import RunResults
from voxplain.stats.over_folds import ALPHA

A_TENTH = 0.1  # of a region: less is the edge of a planted region next to it


def class_names(config: Mapping[str, Any]) -> tuple[str, str]:
    """Return the names of the negative and the positive class."""
    classes = config["cohort"]["classes"]
    return classes["negative"], classes["positive"]


def null_cohort(config: Mapping[str, Any]) -> bool:
    """Whether the participants are simulated without any planted effect."""
    cohort = config["cohort"]
    return cohort["layout"] == "synthetic" and cohort["synthetic"]["null_cohort"]


def answer(results: RunResults) -> str:
    """Write the answer paragraph from the run's tables.

    Parameters
    ----------
    results : RunResults
    """
    accuracy = results.accuracy
    if accuracy is None or "cnn" not in set(accuracy["model"]):
        return "This run has no predictions of the network yet, so there is no answer."
    config = results.config
    sentences = [
        _network(accuracy, class_names(config)),
        *_others(accuracy, results.head_size, results.participants),
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
            _localised(results.localisation),
            _found_regions(results.localisation_regions),
            _regions(results.table2, config["attribution"]["methods"]),
            _sufficient(results.masked_accuracy, accuracy),
            _agreeing(results.table3),
            _faithful(results.faithfulness, config["attribution"]["methods"]),
            _sane(results.robustness, config["attribution"]["methods"]),
        )
        if sentence
    ]
    return " ".join(sentences)


def _network(accuracy: pd.DataFrame, names: tuple[str, str]) -> str:
    row = accuracy.set_index("model").loc["cnn"]
    verdict = "above chance" if row["evidence"] else "not reliably above chance"
    return (
        f"On {int(row['n'])} held-out participants the 3D CNN separates {names[0]} from {names[1]} "
        f"with an accuracy of {row['accuracy']:.2f} (95 % CI {row['ci_low']:.2f} to "
        f"{row['ci_high']:.2f}); always predicting the larger class gives {row['majority']:.2f}, "
        f"so this is {verdict} (permutation p {relation(row['p_permutation'])})."
    )


def head_size_is_measured(people: pd.DataFrame | None) -> bool:
    """Whether the head-size model uses the brain volume measured in the images."""
    return people is not None and bool(people["tiv"].isna().all())


def head_size_name(people: pd.DataFrame | None, model: str) -> str:
    """Spell out a model; the head-size model may use the brain volume of the images instead.

    Parameters
    ----------
    people : pandas.DataFrame or None
        The table of participants.
    model : str
    """
    if model == "head_size" and head_size_is_measured(people):
        return "Brain volume in the images"
    return model_name(model)


def with_model_names(people: pd.DataFrame | None, data: pd.DataFrame) -> pd.DataFrame:
    """Spell out the models in a table, as `head_size_name` does.

    Parameters
    ----------
    people : pandas.DataFrame or None
        The table of participants.
    data : pandas.DataFrame
        Has columns that begin with ``model``.
    """
    columns = [column for column in data if column.split("_")[0] == "model"]
    names = {
        column: [head_size_name(people, model) for model in data[column]] for column in columns
    }
    return data.assign(**names)


def _others(
    accuracy: pd.DataFrame, head_size: pd.DataFrame | None, people: pd.DataFrame | None
) -> list[str]:
    """Name the best of the other models, those adjusted for head size included, and head size."""
    rows = accuracy.set_index("model")["accuracy"]
    if head_size is not None:
        rows = rows.combine_first(head_size.set_index("model")["accuracy"])
    sentences = []
    models = rows.drop(["cnn", "head_size"], errors="ignore")
    if len(models):
        best = models.idxmax()
        sentences.append(
            f"The best of the other models is {model_name(best)} ({models[best]:.2f})."
        )
    if "head_size" in rows.index:
        name = head_size_name(people, "head_size").removesuffix(" alone")
        sentences.append(f"{name} alone reaches {rows['head_size']:.2f}.")
    return sentences


def _listed(methods: pd.Series) -> str:
    names = [method_name(method) for method in methods]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _localised(table: pd.DataFrame | None) -> str:
    if table is None:
        return ""
    better = table[multipletests(table["p_auc"], method="holm")[1] < ALPHA]
    best = table.loc[table["auc"].idxmax()]
    if better.empty:
        return "No method finds the planted regions better than smooth random maps."
    return (
        "Methods that find the planted regions better than smooth random maps: "
        f"{_listed(better['method'])} (Holm over the methods; highest AUC {best['auc']:.2f}, "
        f"{method_name(best['method'])}; 95 % of random maps are below "
        f"{best['null_auc_p95']:.2f})."
    )


def _found_regions(table: pd.DataFrame | None) -> str:
    """Count the planted regions that each method finds, corrected for their number."""
    if table is None:
        return ""
    counts = []
    for method, part in table.groupby("method", sort=False):
        n_regions = int((multipletests(part["p_auc"], method="holm")[1] < ALPHA).sum())
        counts.append(f"{method_name(method)} {n_regions} of {len(part)}")
    return "Single planted regions found (Holm over the regions): " + ", ".join(counts) + "."


def _regions(tables: Mapping[str, pd.DataFrame] | None, methods: Sequence[str]) -> str:
    if not tables or "meaningful_perturbation" not in methods:
        return ""
    counts = []
    for atlas, table in tables.items():
        rows = table[table["method"] == "meaningful_perturbation"]
        beyond = rows[rows["p_fwe"] < ALPHA]
        counts.append(f"{len(beyond)} of {len(rows)} in {atlas}")
        if "planted" in rows:
            planted = int((beyond["planted"] >= A_TENTH).sum())
            counts[-1] += f" (in {planted} of these an effect was planted in a tenth or more)"
    return (
        "Regions where Meaningful Perturbations exceed smooth random maps (family-wise p < 0.05): "
        + ", ".join(counts)
        + "."
    )


def _sufficient(masked: pd.DataFrame | None, accuracy: pd.DataFrame) -> str:
    majority = accuracy.set_index("model").loc["cnn", "majority"]
    suffices = None if masked is None else masks_suffice(masked, majority)
    if suffices is None:
        return ""
    rows = masked_rows(masked, "conjoined")
    mask = rows["mask"]
    numbers = (
        f"The network's accuracy is {rows['none']['accuracy_mean']:.2f} on unmasked images, "
        f"{mask['accuracy_mean']:.2f} inside the conjoined mask, {mask['random_mean']:.2f} inside "
        f"random masks of the same volume (p {relation(mask['p_random'])}) and "
        f"{rows['complement']['accuracy_mean']:.2f} outside the mask"
    )
    endings = {
        "supported": "the mask holds all that the network needs",
        "not supported": "the mask does not hold all that the network needs",
        UNDECIDED: "whether the mask holds all that the network needs is undecided",
    }
    return f"{numbers}, so {endings[suffices]}."


def _agreeing(table: pd.DataFrame | None) -> str:
    if table is None:
        return ""
    above = int((table["p_null"] < ALPHA).sum())
    dice = table["dice_equal_area"]
    return (
        f"The methods' true overlap is a Dice of {dice.min():.2f} to {dice.max():.2f} at equal "
        f"area (chance {table['chance'].mean():.2f}); {above} of {len(table)} pairs exceed smooth "
        "random masks."
    )


def _faithful(scores: pd.DataFrame | None, methods: Sequence[str]) -> str:
    """Name the methods that delete better than random orders, by the fill that none optimises."""
    if scores is None:
        return ""
    rows = scores[(scores["test"] == "deletion") & (scores["fill"] == "mean")]
    rows = rows[rows["method"].isin(methods)]
    better = (multipletests(rows["p"].fillna(1), method="holm")[1] < ALPHA) & (rows["gain"] > 0)
    names = _listed(rows.loc[better, "method"]) if better.any() else "no method"
    return (
        "Deleting the map's highest voxels first lowers the target's probability more than smooth "
        f"random orders for {names} (Holm over the methods)."
    )


def _sane(scores: pd.DataFrame | None, methods: Sequence[str]) -> str:
    """Say which methods' maps change when the network is randomised."""
    if scores is None:
        return ""
    scores = scores[scores["method"].isin(methods)]
    rows = sanity(scores)
    verdicts = [f"{method_name(row.method)} {row.verdict}" for row in rows.itertuples()]
    return (
        f"Sanity check on {counted(scores['participants'])} participants of one fold (maps must "
        f"change if the network is randomised): {', '.join(verdicts)}."
    )
