"""Morphometry and head-size models on one fold, tuned inside it."""

from voxplain.baselines.models import Baselines
from voxplain.cohort.folds import read_fold
from voxplain.evaluation.prediction.table import predictions_of_fold
from voxplain.run.files import read_table, write_json, write_table
from voxplain.run.logs import job_log
from voxplain.run.threads import use_threads

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    use_threads(params.threads)
    participants = read_table(inputs.participants)
    fold = read_fold(inputs.split, participants)
    settings = params.settings, params.seed, params.threads
    baselines = Baselines.read(participants, inputs.quality, inputs.morphometry, *settings)
    for model in params.models:
        fitted = baselines.fit_predict(model, fold.labels, fold.train, fold.test)
        if model != "head_size":
            write_json(outputs[f"parameters_{model}"], fitted.parameters)
            if fitted.importances is not None:
                importances = fitted.importances.assign(fold=fold.name)
                write_table(outputs[f"importances_{model}"], importances)
        print(f"{model}: {fitted.parameters}")
        write_table(outputs[model], predictions_of_fold(fold, fitted.scores, fitted.predictions))
