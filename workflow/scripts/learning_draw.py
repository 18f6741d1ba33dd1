"""Cheap models on one draw of smaller training sets, tested on everybody held out."""

from voxplain.baselines.models import Baselines
from voxplain.cohort.folds import read_fold
from voxplain.evaluation.prediction.learning_curves import score_draw
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log
from voxplain.run.seeds import stream_seed
from voxplain.run.threads import use_threads

with job_log(snakemake.log[0]):
    inputs, params, draw = snakemake.input, snakemake.params, snakemake.wildcards.draw
    use_threads(params.threads)
    participants = read_table(inputs.participants)
    baselines = Baselines.read_job(participants, inputs, params)
    folds = [read_fold(path, participants) for path in inputs.splits]
    seeds = [stream_seed(params.seed, "learning", draw, fold.name) for fold in folds]
    table = score_draw(baselines.predict, folds, params.models, params.shares, seeds)
    write_table(snakemake.output.table, table)
