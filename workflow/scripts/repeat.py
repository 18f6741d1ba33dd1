"""Models without a network on newly drawn folds, families kept together and divided."""

import numpy as np
import pandas as pd

from voxplain.baselines.models import Baselines
from voxplain.cohort.folds import make_splits, rows_of
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log
from voxplain.run.paths import WHOLE_COHORT
from voxplain.run.seeds import stream_seed
from voxplain.run.threads import use_threads
from voxplain.stats.family_blocks import family_codes

with job_log(snakemake.log[0]):
    p, given = snakemake.params, snakemake.input
    use_threads(p.threads)
    participants = read_table(given.participants)
    labels, families = participants["label"].to_numpy(int), family_codes(participants)
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
    seed = stream_seed(p.seed, "repeat", snakemake.wildcards.repeat)
    kinds = {"together": "family" if p.groups == "none" else p.groups}
    if participants["family_id"].notna().any():
        kinds["divided"] = "none"
    rows = []
    for kind, groups in kinds.items():
        right, related = {model: [] for model in p.models}, []
        for split in make_splits(participants, p.n_splits, seed, groups):
            if split.fold == WHOLE_COHORT:
                continue
            train, test = (rows_of(side, participants) for side in (split.train, split.test))
            related.append(np.isin(families[test], families[train]))
            for model in p.models:
                called = baselines.fit_predict(model, labels, train, test).predictions
                right[model].append(called == labels[test])
        rows += [
            {
                "model": model,
                "repeat": snakemake.wildcards.repeat,
                "families": kind,
                "accuracy": np.concatenate(right[model]).mean(),
                "relatives": np.concatenate(related).mean(),
            }
            for model in p.models
        ]
    write_table(snakemake.output.table, pd.DataFrame(rows))
