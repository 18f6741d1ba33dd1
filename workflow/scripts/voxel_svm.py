"""The paper's baseline, an rbf SVM on all voxels, and a linear one on voxels free of head size."""

import numpy as np

from voxplain.baselines import head_size, voxel_svm
from voxplain.cohort.folds import read_split, rows_of
from voxplain.evaluation.prediction.table import predictions_table
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    participants = read_table(snakemake.input.participants)
    labels = participants["label"].to_numpy(int)
    gram, sums = np.load(snakemake.input.gram), np.load(snakemake.input.sums)
    sizes = head_size.measured(participants, read_table(snakemake.input.quality)).to_numpy(float)
    n_features, C = snakemake.params.n_features, snakemake.params.svm_c
    outputs = snakemake.output.predictions, snakemake.output.residuals
    for path, raw, freed in zip(snakemake.input.splits, *outputs, strict=True):
        split = read_split(path, participants)
        train, test = rows_of(split.train, participants), rows_of(split.test, participants)
        for to, fitted in (
            (raw, voxel_svm.fit_predict(gram, sums, n_features, labels, train, test, C)),
            (freed, voxel_svm.fit_predict_residuals(gram, labels, train, test, sizes, C)),
        ):
            columns = split.test, split.fold, labels[test], fitted.scores, fitted.predictions
            write_table(to, predictions_table(*columns))
