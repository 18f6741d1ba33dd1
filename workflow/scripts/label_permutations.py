"""The accuracy of one cheap model beside what it reaches when refitted to permuted labels."""

import numpy as np
import pandas as pd

from voxplain.baselines.head_size import measured
from voxplain.baselines.models import Baselines
from voxplain.evaluation.families import family_codes
from voxplain.evaluation.label_permutations import held_out, refitting_null
from voxplain.files import read_table, write_table
from voxplain.logs import job_log
from voxplain.seeds import stream_seed

with job_log(snakemake.log[0]):
    p, given, model = snakemake.params, snakemake.input, snakemake.wildcards.model
    participants = read_table(given.participants)
    folds = read_table(given.folds).set_index("participant_id")["fold"]
    folds = folds.loc[participants["participant_id"]].to_numpy(str)
    features = given.morphometry and read_table(given.morphometry).set_index("participant_id")
    baselines = Baselines(
        p.settings,
        p.seed,
        measured(participants, read_table(given.quality)),
        participants["family_id"],
        features,
        np.load(given.gram),
        np.load(given.sums),
        p.n_voxels,
        snakemake.threads,
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
