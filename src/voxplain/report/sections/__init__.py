"""The report's sections in reading order, as plain blocks."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from voxplain import paper
from voxplain.names import duration, is_missing
from voxplain.report.blocks import Block, Code, Note, Section, Text, counted, picture
from voxplain.report.methods import methods, references
from voxplain.report.results import RunResults
from voxplain.report.sections import maps as sections_maps
from voxplain.report.sections import prediction as sections_prediction
from voxplain.report.sections import regions as sections_regions
from voxplain.report.sections import studies as sections_studies
from voxplain.report.sections import trust as sections_trust
from voxplain.report.sections.cohort import cohort
from voxplain.report.sections.provenance import provenance
from voxplain.report.tables import Cell, Table, cell, table


def sections(results: RunResults) -> list[Section]:
    """Assemble all sections in reading order.

    Parameters
    ----------
    results : RunResults
    """
    return [
        Section("claims", "The paper's claims", _claims(results)),
        Section("cohort", "Cohort and quality control", cohort(results)),
        Section("prediction", "Prediction", sections_prediction.prediction(results)),
        Section(
            "maps",
            "Attribution maps",
            [
                *sections_maps.maps(results),
                *sections_trust.paper_maps(results),
                *sections_studies.ablation(results),
            ],
        ),
        Section("masked", "Masked accuracy", sections_maps.masked(results)),
        Section("regions", "Brain regions", sections_regions.regions(results)),
        Section("properties", "Properties of the maps", sections_trust.properties(results)),
        Section("overlap", "Agreement between methods", sections_maps.overlap(results)),
        Section(
            "localisation",
            "Localisation against the truth",
            [*sections_maps.localisation(results), *sections_studies.truth(results)],
        ),
        Section(
            "faithfulness",
            "Deletion and insertion",
            [*sections_trust.faithfulness(results), *sections_studies.roar(results)],
        ),
        Section("robustness", "Sanity and stability", sections_trust.robustness(results)),
        Section("first-layer", "First hidden layer", sections_maps.first_layer(results)),
        Section("external", "Another cohort", sections_studies.external(results)),
        Section("runtime", "Run times", _runtime(results)),
        Section("methods", "Methods", _methods(results)),
        Section("provenance", "Provenance", provenance(results)),
    ]


def _claims(results: RunResults) -> list[Block]:
    claims = results.claims
    if claims is None:
        return [Note("The claims were not evaluated in this run.")]
    return [
        Text(_papers_protocol(results.config, claims)),
        Text(
            "Verdicts follow fixed rules. A number is reproduced if the paper's value lies in our "
            "95 % interval (Table 3: within 0.02) and the interval is at most half as long as the "
            "distance between the value and chance. It differs if the value lies outside. It is at "
            "chance if random or independent masks reach it as well. A statement is supported or "
            "not supported by the numbers in its row. Both are undecided if the interval is too "
            "long, which is no evidence against the claim. Claims about a network near chance are "
            "marked so. Other cohort: the paper studied "
            f"{paper.N_PARTICIPANTS} participants of the Human Connectome Project "
            f"({paper.N_MEN} men, {paper.N_WOMEN} women), so different results do not contradict "
            "it."
        ),
        _claims_table(claims),
    ]


def _claims_table(claims: pd.DataFrame) -> Table:
    """Put several columns into one cell: a dozen columns side by side cannot be read."""
    cohort = claims["paper_cohort"].iloc[0]
    headers = ["claim", "verdict", f"Kan et al. ({cohort})", "computed as in the paper", "this run"]

    def noted(row: pd.Series, column: str, **notes: str) -> Cell:
        lines = [before + row[name] for name, before in notes.items() if not is_missing(row[name])]
        return cell(row[column], column)._replace(notes=tuple(lines))

    rows = [
        [
            noted(row, "claim", section="section "),
            noted(row, "verdict", source="", rule="rule "),  # visible on a narrow screen, too
            noted(row, "paper"),
            noted(row, "kan2020"),
            noted(row, "ours", uncertainty="", chance="chance: "),
        ]
        for _, row in claims.iterrows()
    ]
    caption = f"Claims of {paper.CITATION}."
    return Table("table-claims", caption, headers, rows, "tables/claims.tsv")


def _papers_protocol(config: Mapping[str, Any], claims: pd.DataFrame) -> str:
    if not claims["kan2020"].astype("string").fillna("").str.startswith("in this run: ").any():
        return (
            "Computed as in the paper: the numbers of "
            f"{config['kan2020_run'] or config['run'] + '_kan2020'}, a run of the same "
            "participants under workflow/presets/kan2020.yaml."
        )
    synthetic = config["cohort"]["layout"] == "synthetic"
    cohort = "workflow/presets/kan2020_demo.yaml" if synthetic else "YOUR_COHORT.yaml"
    return (
        "Computed as in the paper: this run's numbers computed in the paper's way, if that needs "
        "no other network. For the others, run the paper's protocol on the same participants and "
        "then this run again: `snakemake --configfile config.yaml "
        f"workflow/presets/kan2020.yaml {cohort} --config run={config['run']}_kan2020`."
    )


def _runtime(results: RunResults) -> list[Block]:
    runtime = results.runtime
    if runtime is None:
        return [Note("The methods' run times were not recorded.")]
    total = duration(float(runtime["seconds"].sum()))
    return [
        Text(f"All attribution maps of this run took {total} of computing time."),
        picture(
            results,
            "runtime",
            "Time per map of each method.",
            "Bars of seconds per map",
            n=f"{counted(runtime['maps'])} maps of each method",
        ),
        table(
            runtime,
            "table-runtime",
            "Run times. The time of all maps includes the maps of training participants for the "
            f"masked accuracy. The paper's times are for its {paper.N_PARTICIPANTS} participants "
            "on a Tesla K80.",
            "tables/runtime.tsv",
        ),
    ]


def _methods(results: RunResults) -> list[Block]:
    people = results.participants
    n_participants = None if people is None else len(people)
    versions = (results.provenance or {}).get("versions")
    paragraphs = methods(results.config, n_participants, versions)
    cited = references(results.config)
    pasted = "\n\n".join([*paragraphs, "References", *cited])
    return [
        *(Text(paragraph) for paragraph in paragraphs),
        Code("The same text with references, to copy", pasted),
    ]
