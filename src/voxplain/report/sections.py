"""The report's sections in reading order, as plain blocks."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import yaml

from voxplain import paper
from voxplain.figures.style import model_name
from voxplain.report import sections_maps
from voxplain.report.answer import head_size_name
from voxplain.report.blocks import Code, Note, Section, Text, picture
from voxplain.report.methods import methods
from voxplain.report.tables import Table, duration, table


def sections(context: Mapping[str, Any]) -> list[Section]:
    """Assemble all sections in reading order.

    Parameters
    ----------
    context : mapping
        As for `voxplain.report.build`.
    """
    return [
        Section("claims", "The paper's claims", _claims(context)),
        Section("cohort", "Cohort and quality control", _cohort(context)),
        Section("prediction", "Prediction", _prediction(context)),
        Section("maps", "Attention maps", sections_maps.maps(context)),
        Section("masked", "Masked accuracy", sections_maps.masked(context)),
        Section("regions", "Brain regions", sections_maps.regions(context)),
        Section("overlap", "Agreement between methods", sections_maps.overlap(context)),
        Section(
            "localisation", "Localisation against the truth", sections_maps.localisation(context)
        ),
        Section("first-layer", "First hidden layer", sections_maps.first_layer(context)),
        Section("runtime", "Run times", _runtime(context)),
        Section("methods", "Methods", _methods(context)),
        Section("provenance", "Provenance", _provenance(context)),
    ]


def _claims(context: Mapping[str, Any]) -> list:
    claims = context.get("claims")
    if claims is None:
        return [Note("The claims were not evaluated in this run.")]
    return [
        Text(
            "Verdicts follow by rule. A number is reproduced if the paper's value lies in our "
            "95 % interval (Table 3: within 0.02), and "
            "differs if not; it is at chance if random or independent masks reach it too; a "
            "statement is supported or not by the numbers beside it; whatever "
            "rests on a network near chance is marked so. Other cohort: the paper studied "
            f"{paper.N_PARTICIPANTS} participants of the Human Connectome Project "
            f"({paper.N_MEN} men, {paper.N_WOMEN} women), so a difference is no contradiction."
        ),
        table(claims, "table-claims", f"Claims of {paper.CITATION}.", "tables/claims.tsv"),
    ]


def _cohort(context: Mapping[str, Any]) -> list:
    people, quality = context.get("participants"), context.get("quality")
    blocks: list = []
    if people is None:
        blocks.append(Note("The participants table was not handed to the report."))
    else:
        grouped = people.groupby("class_name", sort=True)
        summary = pd.DataFrame(
            {
                "participants": grouped.size(),
                "age_mean": grouped["age"].mean() if _numeric(people, "age") else float("nan"),
                "head_size_ml_mean": grouped["tiv"].mean() if _numeric(people, "tiv") else None,
                "head_size_ml_sd": grouped["tiv"].std() if _numeric(people, "tiv") else None,
                "in_a_family_group": grouped["family_id"].count(),
            }
        ).reset_index(names="class")
        blocks.append(table(summary, "table-cohort", "Participants by class."))
    blocks.append(
        picture(
            context,
            "quality",
            "Quality control. Middle slices of the cohort's mean and of the participants that "
            "correlate least with it.",
            "Sagittal, coronal and axial slices of the mean brain and of the least typical brains",
        )
    )
    if quality is None:
        blocks.append(Note("There is no quality-control table."))
    else:
        blocks.append(
            table(
                quality,
                "table-quality",
                f"Quality control of {len(quality)} images.",
                "volumes/quality.tsv",
                folded=True,
            )
        )
    return blocks


def _numeric(data: pd.DataFrame, column: str) -> bool:
    return pd.api.types.is_numeric_dtype(data[column]) and data[column].notna().any()


def _prediction(context: Mapping[str, Any]) -> list:
    blocks: list = []
    accuracy = context.get("accuracy")
    if accuracy is None:
        blocks.append(Note("No model has made predictions in this run."))
    else:
        published = accuracy["model"].map({m: v.mean for m, v in paper.ACCURACY.items()})
        spread = accuracy["model"].map({m: v.sd for m, v in paper.ACCURACY.items()})
        shown = accuracy.assign(
            model=[head_size_name(context["config"], model) for model in accuracy["model"]],
            paper_mean=published,
            paper_sd=spread,
        )
        blocks += [
            picture(
                context,
                "accuracy",
                "Accuracy of all models on held-out participants, with Wilson 95 % intervals, the "
                "larger class (dashed) and the paper's values.",
                "Accuracy of each model with its confidence interval beside the paper's value",
            ),
            table(
                shown,
                "table-accuracy",
                "Accuracy of all models on the same folds.",
                "tables/accuracy.tsv",
            ),
        ]
    blocks.append(_table1(context))
    blocks += [
        picture(
            context,
            "fig1",
            "Figure 1. Coefficients of the logistic regression on morphometry, mean and standard "
            "deviation over folds. The paper names corpus callosum, insula, thalamus and "
            "white-matter hypointensities.",
            "Bars of the largest logistic-regression coefficients with their spread over folds",
        ),
        picture(
            context,
            "history",
            "Training of the network. Thin lines are folds; held-out curves chose nothing.",
            "Loss and accuracy over epochs for training and held-out participants",
        ),
    ]
    return blocks


def _table1(context: Mapping[str, Any]) -> Table | Note:
    table1 = context.get("table1")
    if table1 is None:
        published = ", ".join(
            f"{model_name(model)} {paper.ACCURACY[model].mean:.2f} ± {paper.ACCURACY[model].sd:.2f}"
            for model in paper.TABLE1_MODELS
        )
        return Note(
            "Table 1: this cohort has no morphometry, so its three models were not fitted (the "
            f"paper: {published})."
        )
    return table(
        table1,
        "table-1",
        f"Table 1. Models on morphometry, nested {context['config']['folds']['n_splits']}-fold "
        "cross-validation, beside the paper's.",
        "tables/table1.tsv",
    )


def _runtime(context: Mapping[str, Any]) -> list:
    runtime = context.get("runtime")
    if runtime is None:
        return [Note("The methods' run times were not recorded.")]
    total = duration(float(runtime["seconds"].sum()))
    return [
        Text(f"All attribution maps of this run took {total} of computing time."),
        table(
            runtime,
            "table-runtime",
            "Run times; those of all maps include the training participants' that the masked "
            f"accuracy needs. The paper's words are for its {paper.N_PARTICIPANTS} participants "
            "on a Tesla K80.",
            "tables/runtime.tsv",
        ),
    ]


def _methods(context: Mapping[str, Any]) -> list:
    people = context.get("participants")
    n_participants = None if people is None else len(people)
    return [Text(paragraph) for paragraph in methods(context["config"], n_participants)]


def _provenance(context: Mapping[str, Any]) -> list:
    # Through JSON, because the dictionaries of a workflow manager are not plain ones
    plain = json.loads(json.dumps(context["config"]))
    config = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
    blocks: list = [Text(f"Seed {context['config']['seed']}.")]
    provenance = context.get("provenance")
    if provenance is None:
        blocks.append(Note("Versions and machine were not recorded."))
    else:
        rows = pd.DataFrame(
            [
                (key, value if isinstance(value, str) else json.dumps(value))
                for key, value in provenance.items()
            ],
            columns=["what", "value"],
        )
        blocks.append(
            table(rows, "table-provenance", "Software and machine.", "provenance.json", folded=True)
        )
    blocks.append(Code("Configuration of this run (YAML)", config))
    return blocks
