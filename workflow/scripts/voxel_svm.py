"""The paper's baseline, an rbf SVM on voxels; a linear one on voxels adjusted for head size."""

import numpy as np

from voxplain.baselines import head_size, voxel_svm
from voxplain.cohort.folds import read_fold
from voxplain.evaluation.prediction.table import predictions_of_fold
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    participants = read_table(inputs.participants)
    gram, sums = np.load(inputs.gram), np.load(inputs.sums)
    sizes = head_size.measured(participants, read_table(inputs.quality)).to_numpy(float)
    for path, raw, adjusted in zip(
        inputs.splits, outputs.predictions, outputs.residuals, strict=True
    ):
        fold = read_fold(path, participants)
        rows = fold.labels, fold.train, fold.test
        fitted = voxel_svm.fit_predict(gram, sums, params.n_features, *rows, params.svm_c)
        write_table(raw, predictions_of_fold(fold, fitted.scores, fitted.predictions))
        fitted = voxel_svm.fit_predict_residuals(gram, *rows, sizes, params.svm_c)
        write_table(adjusted, predictions_of_fold(fold, fitted.scores, fitted.predictions))
