"""The accuracy of one cheap model, and what it reaches when refitted to permuted labels."""

from functools import partial

import pandas as pd

from voxplain.baselines.models import Baselines
from voxplain.cohort.folds import held_out_folds
from voxplain.evaluation.prediction.label_permutations import held_out, refitting_null
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log
from voxplain.run.seeds import stream_seed
from voxplain.run.threads import use_threads
from voxplain.stats.family_blocks import family_codes

with job_log(snakemake.log[0]):
    inputs, params, model = snakemake.input, snakemake.params, snakemake.wildcards.model
    use_threads(params.threads)
    participants = read_table(inputs.participants)
    folds = held_out_folds(read_table(inputs.folds), participants)
    baselines = Baselines.read_job(participants, inputs, params)
    null = refitting_null(
        held_out(partial(baselines.predict, model), folds),
        participants["label"].to_numpy(int),
        family_codes(participants),
        folds,
        params.permutations,
        stream_seed(params.seed, "label permutations", model),
    )
    write_table(snakemake.output.table, pd.DataFrame([{"model": model, **null}]))
    print(null)
