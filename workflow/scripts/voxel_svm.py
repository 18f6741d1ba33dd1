"""The paper's baseline: an rbf SVM on all voxels, fold by fold."""

import numpy as np

from voxplain.baselines.voxel_svm import fit_predict
from voxplain.files import read_table, write_table
from voxplain.folds import read_split, rows_of
from voxplain.logs import job_log
from voxplain.predictions import predictions_table

with job_log(snakemake.log[0]):
    participants = read_table(snakemake.input.participants)
    labels = participants["label"].to_numpy(int)
    gram, sums = np.load(snakemake.input.gram), np.load(snakemake.input.sums)
    for path, predictions in zip(snakemake.input.splits, snakemake.output.predictions, strict=True):
        split = read_split(path, participants)
        train, test = rows_of(split.train, participants), rows_of(split.test, participants)
        settings = snakemake.params.n_features, labels, train, test, snakemake.params.svm_c
        fitted = fit_predict(gram, sums, *settings)
        columns = split.test, split.fold, labels[test], fitted.scores, fitted.predictions
        write_table(predictions, predictions_table(*columns))
