"""Morphometry and head-size models on one fold, tuned inside it."""

from voxplain.baselines.models import Baselines
from voxplain.cohort.folds import read_split, rows_of
from voxplain.evaluation.prediction.table import predictions_table
from voxplain.run.files import read_table, write_json, write_table
from voxplain.run.logs import job_log
from voxplain.run.threads import use_threads

with job_log(snakemake.log[0]):
    p, output = snakemake.params, snakemake.output
    use_threads(p.threads)
    participants = read_table(snakemake.input.participants)
    split = read_split(snakemake.input.split, participants)
    labels = participants["label"].to_numpy(int)
    train, test = rows_of(split.train, participants), rows_of(split.test, participants)
    baselines = Baselines.read(
        participants,
        snakemake.input.quality,
        snakemake.input.morphometry,
        settings=p.settings,
        seed=p.seed,
        threads=p.threads,
    )
    for model in p.models:
        fitted = baselines.fit_predict(model, labels, train, test)
        if model != "head_size":
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
