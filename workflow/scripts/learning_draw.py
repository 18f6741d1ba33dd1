"""Cheap models on one draw of smaller training sets, tested on everybody held out."""

import numpy as np
import pandas as pd

from voxplain.baselines.models import Baselines
from voxplain.cohort.folds import read_split, rows_of
from voxplain.evaluation.prediction.learning_curves import nested_subsets
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log
from voxplain.run.seeds import stream_seed
from voxplain.run.threads import use_threads

with job_log(snakemake.log[0]):
    p, given = snakemake.params, snakemake.input
    use_threads(p.threads)
    participants = read_table(given.participants)
    labels = participants["label"].to_numpy(int)
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
    rows = []
    for path in given.splits:
        split = read_split(path, participants)
        train, test = rows_of(split.train, participants), rows_of(split.test, participants)
        names = "learning", snakemake.wildcards.draw, split.fold
        rng = np.random.default_rng(stream_seed(p.seed, *names))
        subsets = nested_subsets(labels, train, p.shares, rng)
        for share, subset in zip(p.shares, subsets, strict=True):
            for model in p.models:
                called = baselines.fit_predict(model, labels, subset, test).predictions
                size = {"n_train": len(subset), "n_whole": len(train)}
                right = {"right": (called == labels[test]).sum(), "tested": len(test)}
                rows.append({"model": model, "share": share, **size, **right})
    grouped = pd.DataFrame(rows).groupby(["model", "share"], sort=False)
    table = grouped[["n_train", "n_whole"]].mean()
    table["accuracy"] = grouped["right"].sum() / grouped["tested"].sum()
    write_table(snakemake.output.table, table.reset_index())
