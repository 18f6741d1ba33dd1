"""The paper's baseline on one fold: an rbf SVM on all voxels."""

import numpy as np

from voxplain.baselines.voxel_svm import fit_predict
from voxplain.files import read_table, write_table
from voxplain.folds import read_split, rows_of
from voxplain.logs import job_log
from voxplain.predictions import predictions_table

with job_log(snakemake.log[0]):
    participants = read_table(snakemake.input.participants)
    split = read_split(snakemake.input.split, participants)
    labels = participants["label"].to_numpy(int)
    test = rows_of(split.test, participants)
    fitted = fit_predict(
        np.load(snakemake.input.gram),
        np.load(snakemake.input.sums),
        snakemake.params.n_features,
        labels,
        rows_of(split.train, participants),
        test,
        snakemake.params.svm_c,
    )
    write_table(
        snakemake.output.predictions,
        predictions_table(split.test, split.fold, labels[test], fitted.scores, fitted.predictions),
    )
