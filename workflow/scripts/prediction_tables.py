"""Accuracy of every model on its held-out participants, beside its null and the paper; Table 1."""

import pandas as pd

from voxplain import paper
from voxplain.evaluation.statistics import is_evidence, summarise
from voxplain.files import read_table, write_table
from voxplain.logs import job_log


def table1(accuracy):
    """The paper's Table 1; a model that the cohort has no data for says so."""
    ours = accuracy.set_index("model")
    rows = []
    for model in paper.TABLE1_MODELS:
        known = model in ours.index
        rows.append(
            {
                "model": model,
                "accuracy_mean": ours.loc[model, "mean"] if known else None,
                "accuracy_sd": ours.loc[model, "sd"] if known else None,
                "paper_mean": paper.ACCURACY[model].mean,
                "paper_sd": paper.ACCURACY[model].sd,
                "status": "computed" if known else "this cohort has no morphometry table",
            }
        )
    return pd.DataFrame(rows)


with job_log(snakemake.log[0]):
    p, given = snakemake.params, snakemake.input
    rows, everything = [], []
    for model in p.models:
        held_out = pd.concat([read_table(path) for path in given[model]], ignore_index=True)
        summary = summarise(held_out, p.permutations, p.seed)
        rows.append({"model": model, **summary, "evidence": is_evidence(summary)})
        everything.append(held_out.assign(model=model))
    accuracy = pd.DataFrame(rows)
    write_table(snakemake.output.accuracy, accuracy)
    write_table(snakemake.output.predictions, pd.concat(everything))
    write_table(snakemake.output.table1, table1(accuracy))
    if given.importances:
        importances = pd.concat([read_table(path) for path in given.importances])
        write_table(snakemake.output.importances, importances)
    print(accuracy.T.to_string())
