"""The accuracy of one cheap model beside what it reaches when refitted to permuted labels."""

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
    p, given, model = snakemake.params, snakemake.input, snakemake.wildcards.model
    use_threads(p.threads)
    participants = read_table(given.participants)
    folds = held_out_folds(read_table(given.folds), participants)
    baselines = Baselines.read(
        participants,
        given.quality,
        given.morphometry,
        given.gram,
        given.sums,
        settings=p.settings,
        seed=p.seed,
        threads=p.threads,
        n_voxels=p.n_voxels,
    )

    def fit(labels, train, test):
        return baselines.fit_predict(model, labels, train, test).predictions

    null = refitting_null(
        held_out(fit, folds),
        participants["label"].to_numpy(int),
        family_codes(participants),
        folds,
        p.permutations,
        stream_seed(p.seed, "label permutations", model),
    )
    write_table(snakemake.output.table, pd.DataFrame([{"model": model, **null}]))
    print(null)
