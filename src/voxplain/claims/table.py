"""The paper's claims one by one, with our numbers and a verdict by rule.

Rules. A number is *reproduced* if the paper's value lies in our 95 % interval and the interval is
no longer than half of the value's distance from chance, *undecided* if it is longer, and *differs*
if the value lies outside; Table 3 has no intervals and gets a tolerance of .02. A number that
random or independent masks also reach is *at chance*. A statement is *supported* or *not supported*
by the numbers in its row, and *undecided* if an interval holds both it and its opposite or if the
test could not have found anything. Claims about a network near chance are *near chance*, whatever
their numbers. Claims without numbers are *not tested here*; claims that the numbers cannot decide
are *not testable* or *not comparable*, with the reason. If the participants are not the paper's,
the verdict says so.
"""

from collections.abc import Mapping

import pandas as pd

from voxplain.claims import methods, properties
from voxplain.claims import studies as claims_studies
from voxplain.claims.first_layer import first_layer_claims
from voxplain.claims.masked_accuracy import (
    conjunction_claim,
    masked_claims,
    sufficiency_claim,
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
from voxplain.claims.table2 import table2_claims
from voxplain.claims.verdicts import MISSING, WITHOUT_COHORT, Claim
from voxplain.errors import ConfigError
from voxplain.run.tables import ResultTables

COLUMNS = (
    "claim",
    "section",
    "paper",
    "paper_cohort",
    "kan2020",
    "ours",
    "uncertainty",
    "chance",
    "source",
    "rule",
    "verdict",
)


def claims_table(
    tables: ResultTables,
    class_names: tuple[str, str],
    same_cohort: bool,
    reference: pd.DataFrame | None = None,
    rules: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Set the paper's claims against a run's tables.

    Parameters
    ----------
    tables : ResultTables
        Of the run. Without a table, the claims that need it are not tested.
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
    evidence = cnn_is_evidence(tables.accuracy)
    claims = [
        cohort(tables.participants, class_names),
        *accuracy_claims(tables.accuracy, tables.optimism),
        cnn_beats_svm(tables.accuracy, tables.comparisons),
        cnn_like_regression(tables.accuracy, tables.comparisons),
        other_modality(tables.accuracy),
        claims_studies.compression(tables.grids),
        claims_studies.settings(tables.ablation, evidence),
        *morphometry_claims(
            tables.accuracy, tables.comparisons, tables.optimism, tables.importances
        ),
        *masked_claims(tables.masked_accuracy, class_names, evidence),
        conjunction_claim(tables.masked_accuracy, evidence),
        sufficiency_claim(tables.masked_accuracy, tables.accuracy, evidence),
        whole_brain_claim(tables.roar, tables.accuracy, evidence),
        properties.class_masks_differ(tables.map_properties, evidence),
        *table2_claims(tables.table2, evidence),
        *properties.lateral(tables.laterality, evidence),
        properties.network(tables.networks, evidence),
        properties.morphometry(tables.morphometry_overlap, evidence),
        *overlap_claims(tables.table3, tables.agreement, evidence),
        *first_layer_claims(tables.first_layer, class_names, evidence),
        properties.sparsest(tables.map_properties, evidence),
        properties.most_anatomic(tables.map_properties, evidence),
        methods.sensitivity(tables.robustness, evidence),
        methods.dropout(tables.robustness, evidence),
        methods.runtime_order(tables.runtime),
        methods.first_choice(tables, evidence),
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


def check_reference(participants: pd.DataFrame, reference: pd.DataFrame, run: str) -> None:
    """Refuse a reference run of other participants.

    Parameters
    ----------
    participants, reference : pandas.DataFrame
        Participants tables of this run and of the reference run.
    run : str
        Name of the reference run.

    Raises
    ------
    ConfigError
        The participants of the two runs are not the same.
    """
    different = set(participants["participant_id"]) ^ set(reference["participant_id"])
    if different:
        raise ConfigError(
            f"kan2020_run: {run} has other participants than this run ({len(different)} are in "
            "only one of the two); name a run of the same cohort, or remove that run"
        )


def _names(names: str) -> list[str]:
    return [name for name in names.split(", ") if name]


def _files(names: str) -> str:
    folders = {"participants": "cohort"}
    return ", ".join(f"{folders.get(name, 'tables')}/{name}.tsv" for name in _names(names))


def _rules(names: str, rules: Mapping[str, str]) -> str:
    return ", ".join(dict.fromkeys(rules[name] for name in _names(names) if name in rules))


def _papers_protocol(reference: pd.DataFrame) -> dict[str, str]:
    """Take each claim's numbers from a run of the paper's protocol."""
    papers_way = reference["kan2020"].str.removeprefix("in this run: ")
    numbers = papers_way.where(papers_way.notna() & (papers_way != MISSING), reference["ours"])
    return dict(zip(reference["claim"], numbers, strict=True))
