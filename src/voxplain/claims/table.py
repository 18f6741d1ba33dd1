"""The paper's claims one by one, with our numbers and a verdict that follows by rule.

Rules. A number is *reproduced* if the paper's value lies in our 95 % interval and this is no longer
than half of the value's distance from chance, *undecided* if it is longer, and *differs* if the
value lies outside; Table 3, which has no interval, has a tolerance of .02. A number that random or
independent masks reach too is *at chance*. A statement is *supported* or *not supported* by the
numbers named beside it, and *undecided* where an interval holds both it and its opposite or where
its test could not have found anything. What rests on a network near chance is called *near
chance*, whatever its numbers are. What the run has no numbers for is *not tested here*, and what
its numbers cannot decide *not testable* or *not comparable*, with the reason. On other participants
than the paper's the verdict says so.
"""

from collections.abc import Mapping

import pandas as pd

from voxplain.claims import methods, properties
from voxplain.claims import studies as claims_studies
from voxplain.claims.first_layer import first_layer_claims
from voxplain.claims.maps import (
    conjunction_claim,
    masked_claims,
    sufficiency_claim,
    table2_claims,
    whole_brain_claim,
)
from voxplain.claims.morphometry import morphometry_claims
from voxplain.claims.overlap import overlap_claims
from voxplain.claims.prediction import (
    accuracy_claims,
    cnn_beats_svm,
    cnn_is_evidence,
    cnn_like_regression,
    cohort,
    other_modality,
)
from voxplain.claims.verdicts import MISSING, WITHOUT_COHORT, Claim
from voxplain.errors import ConfigError

TABLE2 = "table2_"
PEOPLE = "participants"
COLUMNS = (
    *("claim", "section", "paper", "paper_cohort", "kan2020", "ours", "uncertainty", "chance"),
    *("source", "rule", "verdict"),
)


def build(
    tables: Mapping[str, pd.DataFrame],
    class_names: tuple[str, str],
    same_cohort: bool,
    reference: pd.DataFrame | None = None,
    rules: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Set the paper's claims against a run's tables.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        The run's tables by the names of their files, `PEOPLE` among them. Without a table, the
        claims that need it are not tested.
    class_names : (str, str)
        Names of the negative class (the paper's women) and the positive class (its men).
    same_cohort : bool
        Whether the run used the paper's participants (HCP).
    reference : pandas.DataFrame, optional
        This table of a run of the same participants under ``workflow/presets/kan2020.yaml``.
    rules : mapping of str, optional
        Rule of the workflow that made each table.

    Returns
    -------
    pandas.DataFrame
        Text columns claim, section, paper, paper_cohort, kan2020 (of the reference run; without
        one what this run gives when computed the paper's way, where it can; else n/a), ours,
        uncertainty, chance, source, rule, verdict.
    """
    get = tables.get
    evidence = cnn_is_evidence(get("accuracy"))
    table2 = {
        name.removeprefix(TABLE2): table
        for name, table in tables.items()
        if name.startswith(TABLE2)
    }
    claims = [
        cohort(get(PEOPLE), class_names),
        *accuracy_claims(get("accuracy"), get("optimism")),
        cnn_beats_svm(get("accuracy"), get("comparisons")),
        cnn_like_regression(get("accuracy"), get("comparisons")),
        other_modality(get("accuracy")),
        claims_studies.compression(get("grids")),
        claims_studies.settings(get("ablation"), evidence),
        *morphometry_claims(
            *map(get, ("accuracy", "comparisons", "optimism", "importances")),
        ),
        *masked_claims(get("masked_accuracy"), class_names, evidence),
        conjunction_claim(get("masked_accuracy"), evidence),
        sufficiency_claim(get("masked_accuracy"), get("accuracy"), evidence),
        whole_brain_claim(get("roar"), get("accuracy"), evidence),
        properties.class_masks_differ(get("map_properties"), evidence),
        *table2_claims(table2, evidence),
        *properties.lateral(get("laterality"), evidence),
        properties.network(get("networks"), evidence),
        properties.morphometry(get("morphometry_overlap"), evidence),
        *overlap_claims(get("table3"), get("agreement"), evidence),
        *first_layer_claims(get("first_layer"), class_names, evidence),
        properties.sparsest(get("map_properties"), evidence),
        properties.most_anatomic(get("map_properties"), evidence),
        methods.sensitivity(get("robustness"), evidence),
        methods.dropout(get("robustness"), evidence),
        methods.runtime_order(get("runtime")),
        methods.first_choice(
            *(get("runtime"), get("robustness")),
            *(get("localisation"), get("localisation_controls")),
            *(get("faithfulness"), evidence),
        ),
    ]
    rows = pd.DataFrame(claims, columns=list(Claim._fields))
    rows["paper_cohort"] = f"HCP, {'this' if same_cohort else 'another'} cohort"
    rows["rule"] = [_rules(names, rules or {}) for names in rows["source"]]
    rows["source"] = [_files(names) for names in rows["source"]]
    in_this_run = rows["kan2020"] != MISSING
    rows.loc[in_this_run, "kan2020"] = "in this run: " + rows.loc[in_this_run, "kan2020"]
    if reference is not None:
        rows["kan2020"] = rows["claim"].map(_papers_protocol(reference)).fillna(MISSING)
    if not same_cohort:
        decided = ~rows["verdict"].str.startswith(WITHOUT_COHORT)
        rows.loc[decided, "verdict"] += ", other cohort"
    return rows[list(COLUMNS)]


def check_reference(own: pd.DataFrame, theirs: pd.DataFrame, run: str) -> None:
    """Refuse a reference run of other participants.

    Parameters
    ----------
    own, theirs : pandas.DataFrame
        Participants tables of this run and of the reference run.
    run : str
        Name of the reference run.

    Raises
    ------
    ConfigError
    """
    other = set(own["participant_id"]) ^ set(theirs["participant_id"])
    if other:
        raise ConfigError(
            f"kan2020_run: {run} has not the participants of this run ({len(other)} are in one of "
            "them only); name a run of the same cohort, or remove that run"
        )


def _names(names: str) -> list[str]:
    return [name for name in names.split(", ") if name]


def _files(names: str) -> str:
    folders = {PEOPLE: "cohort"}
    return ", ".join(f"{folders.get(name, 'tables')}/{name}.tsv" for name in _names(names))


def _rules(names: str, rules: Mapping[str, str]) -> str:
    return ", ".join(dict.fromkeys(rules[name] for name in _names(names) if name in rules))


def _papers_protocol(reference: pd.DataFrame) -> dict[str, str]:
    """Take each claim's numbers from a run of the paper's protocol, the paper's way if it can."""
    papers_way = reference["kan2020"].str.removeprefix("in this run: ")
    numbers = papers_way.where(papers_way.notna() & (papers_way != MISSING), reference["ours"])
    return dict(zip(reference["claim"], numbers, strict=True))
