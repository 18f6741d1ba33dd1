import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from voxplain.baselines import head_size
from voxplain.errors import CohortError

TRAIN, TEST = np.arange(0, 30), np.arange(30, 40)


@pytest.fixture
def cohort():
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 20)
    ids = [f"sub-{i:03d}" for i in range(40)]
    return pd.Series(1400 + 150 * y + 60 * rng.standard_normal(40), index=ids), y


def test_scores_equal_a_regression_on_the_z_score(cohort):
    tiv, y = cohort
    fitted = head_size.fit_predict(tiv, y, TRAIN, TEST)
    z = ((tiv - tiv.iloc[TRAIN].mean()) / tiv.iloc[TRAIN].std(ddof=0)).to_numpy()[:, None]
    model = LogisticRegression().fit(z[TRAIN], y[TRAIN])
    np.testing.assert_allclose(fitted.scores, model.predict_proba(z[TEST])[:, 1], rtol=1e-6)
    np.testing.assert_array_equal(fitted.predictions, fitted.scores > 0.5)
    assert fitted.importances["coefficient"].item() == pytest.approx(model.coef_[0, 0], rel=1e-5)
    in_litres = head_size.fit_predict(tiv / 1000, y, TRAIN, TEST)
    np.testing.assert_allclose(in_litres.scores, fitted.scores, rtol=1e-6)


def test_missing_head_sizes_are_named(cohort):
    tiv, _ = cohort
    tiv["sub-007"] = np.nan
    participants = tiv.rename("tiv").rename_axis("participant_id").reset_index()
    with pytest.raises(CohortError, match=r"1 of 40 participants.*sub-007"):
        head_size.measured(participants, pd.DataFrame())
