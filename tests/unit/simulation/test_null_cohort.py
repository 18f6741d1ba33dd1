"""Without a planted effect, head size differs between the classes as often as chance lets it."""

import numpy as np
from scipy import stats

from voxplain.simulation import embedded_cohort

N_SEEDS = 300


def test_head_size_differs_by_chance_only():
    settings = {"n_subjects": 80, "family_fraction": 0.3}
    p_values = []
    for seed in range(N_SEEDS):
        label = embedded_cohort.plan(settings, seed)["label"].to_numpy()
        size = [
            np.random.default_rng([seed, embedded_cohort._SHAPE, index]).standard_normal()
            for index in range(1, len(label) + 1)
        ]
        size = np.array(size)
        p_values.append(stats.ttest_ind(size[label == 1], size[label == 0]).pvalue)
    significant = int((np.array(p_values) < 0.05).sum())
    assert stats.binomtest(significant, N_SEEDS, 0.05).pvalue > 0.01
