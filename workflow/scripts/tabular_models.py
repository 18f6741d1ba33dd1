"""Morphometry and head-size models on one fold, tuned inside it."""

from voxplain.baselines import head_size, morphometry
from voxplain.files import read_table, write_json, write_table
from voxplain.folds import read_split, rows_of
from voxplain.logs import job_log
from voxplain.predictions import predictions_table

with job_log(snakemake.log[0]):
    p, output = snakemake.params, snakemake.output
    participants = read_table(snakemake.input.participants)
    split = read_split(snakemake.input.split, participants)
    labels = participants["label"].to_numpy(int)
    train, test = rows_of(split.train, participants), rows_of(split.test, participants)
    settings = {
        "inner_folds": p.settings["inner_splits"],
        "threads": snakemake.threads,
        "grids": p.settings,
    }
    sizes = head_size.measured(participants, read_table(snakemake.input.quality))
    if snakemake.input.morphometry:
        features = read_table(snakemake.input.morphometry).set_index("participant_id")
    for model in p.models:
        if model == "head_size":
            fitted = head_size.fit_predict(sizes, labels, train, test)
        else:
            families = participants["family_id"]
            fitted = morphometry.fit_predict(
                model, features, labels, train, test, families, settings, p.seed, sizes
            )
            write_json(output[f"parameters_{model}"], fitted.parameters)
            if fitted.importances is not None:
                importances = fitted.importances.assign(fold=split.fold)
                write_table(output[f"importances_{model}"], importances)
        print(f"{model}: {fitted.parameters}")
        write_table(
            output[model],
            predictions_table(
                split.test, split.fold, labels[test], fitted.scores, fitted.predictions
            ),
        )
