"""Cross-validated accuracy of a model with nothing to find is called significant at its level."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.model_selection import StratifiedKFold

from voxplain.baselines import head_size
from voxplain.evaluation.statistics import summarise

N_COHORTS, N, N_FOLDS = 200, 80, 4


@pytest.mark.slow
def test_false_positive_rate_of_the_permutation_p():
    rng = np.random.default_rng(0)
    significant = 0
    for cohort in range(N_COHORTS):
        y = rng.permutation(np.arange(N) % 2)
        size = pd.Series(rng.normal(1500, 100, N))
        folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=cohort).split(size, y)
        held_out = []
        for fold, (train, test) in enumerate(folds):
            fitted = head_size.fit_predict(size, y, train, test)
            rows = {"y_true": y[test], "y_score": fitted.scores, "y_pred": fitted.predictions}
            held_out.append(pd.DataFrame(rows).assign(fold=str(fold)))
        significant += summarise(pd.concat(held_out), 199, cohort)["p_permutation"] < 0.05
    upper = stats.binom.ppf(0.99, N_COHORTS, 0.05)
    assert significant <= upper
