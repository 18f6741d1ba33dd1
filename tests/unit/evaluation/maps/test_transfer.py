import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from voxplain.errors import ConfigError, LeakageError
from voxplain.evaluation.maps.transfer import check_transfer, compare_group_maps, map_correlation

FORM = {"shape": (22, 26, 22), "normalisation": "brain_mean", "classes": ["women", "men"]}
FORM |= {"contrast": "T1w", "space": "MNI152"}
HERE = {"a": "1" * 64, "b": "2" * 64}  # participants and the checksums of their images
THERE = {"a": "3" * 64, "c": "4" * 64}


def test_the_same_form_and_other_people_pass():
    check_transfer(FORM, FORM | {"shape": [22, 26, 22], "space": "native"}, THERE, HERE)


@pytest.mark.parametrize(
    ("key", "value"),
    [("shape", [58, 70, 58]), ("normalisation", "none"), ("classes", ["men", "women"])],
)
def test_models_of_other_images_are_refused(key, value):
    with pytest.raises(ConfigError, match=f"trained with {key}"):
        check_transfer(FORM, FORM | {key: value}, THERE, HERE)


def test_shared_people_are_refused():
    with pytest.raises(LeakageError, match="1 of 2 images are in both runs, such as b's"):
        check_transfer(FORM, FORM, THERE | {"d": "2" * 64}, HERE)


def smooth(seed):
    noise = np.random.default_rng(seed).normal(size=(20, 20, 20))
    return np.exp(gaussian_filter(noise, 2) * 10).astype(np.float32)


def test_correlation_is_scipys_and_beyond_smooth_maps_only_if_shared():
    brain = np.zeros((20, 20, 20), bool)
    brain[2:18, 2:18, 2:18] = True
    a, b = smooth(0), smooth(1)
    shared = map_correlation(a, a * b**0.3, brain, 99, seed=0)
    assert shared["spearman"] == pytest.approx(spearmanr(a[brain], (a * b**0.3)[brain]).statistic)
    assert shared["p"] == 0.01
    assert abs(shared["null_mean"]) < 0.05 < shared["null_p95"]
    unrelated = map_correlation(a, b, brain, 99, seed=0)
    assert unrelated["p"] > 0.05
    assert map_correlation(a, np.zeros_like(a), brain, 19, seed=0)["p"] == 1


def test_another_map_of_a_method_is_scored_like_the_runs_own():
    brain = np.zeros((20, 20, 20), bool)
    brain[2:18, 2:18, 2:18] = True
    ours, other, planted = smooth(0), smooth(1), smooth(2) > np.quantile(smooth(2), 0.95)
    compared = compare_group_maps(ours, other, brain, planted, 19, seed=0)
    for name, volume in (("auc_own", ours), ("auc", other)):
        assert compared[name] == pytest.approx(roc_auc_score(planted[brain], volume[brain]))
    unknown = map_correlation(ours, other, brain, 19, seed=0)
    assert compare_group_maps(ours, other, brain, None, 19, seed=0) == unknown
    assert unknown.items() < compared.items()
