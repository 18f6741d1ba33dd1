"""The SVM on the precomputed Gram matrix against scikit-learn's SVC on the vectors."""

import numpy as np
import pytest
from sklearn.svm import SVC

from voxplain.baselines import voxel_svm
from voxplain.errors import ImageError


@pytest.fixture(params=["raw intensities", "z-scores"])
def cohort(request):
    rng = np.random.default_rng(4)
    y = np.tile([0, 1], 20)
    volumes = rng.standard_normal((40, 9, 8, 7)).astype(np.float32)
    volumes[y == 1, :3] += 0.4
    if request.param == "raw intensities":  # large mean, as in T1w images without normalisation
        volumes = 700 + 120 * volumes
    return volumes, y


def split(fold):
    order = np.random.default_rng([fold]).permutation(40)
    return order[:31], order[31:]


@pytest.mark.parametrize("fold", range(3))
@pytest.mark.parametrize("C", [1.0, 10.0])
def test_decisions_equal_those_on_the_vectors(cohort, fold, C):
    volumes, y = cohort
    train, test = split(fold)
    gram, sums = voxel_svm.gram_matrix(volumes, block=100)
    fitted = voxel_svm.fit_predict(gram, sums, volumes[0].size, y, train, test, C)

    vectors = volumes.reshape(40, -1).astype(np.float64)
    oracle = SVC(C=C).fit(vectors[train], y[train])
    assert fitted.parameters["gamma"] == pytest.approx(oracle._gamma, rel=1e-9)
    np.testing.assert_allclose(
        fitted.scores, oracle.decision_function(vectors[test]), rtol=1e-6, atol=1e-8
    )
    np.testing.assert_array_equal(fitted.predictions, oracle.predict(vectors[test]))


def test_the_gram_matrix_of_a_memory_map_in_any_blocks(cohort, tmp_path):
    volumes, _ = cohort
    np.save(tmp_path / "volumes.npy", volumes)
    mapped = np.load(tmp_path / "volumes.npy", mmap_mode="r")
    vectors = volumes.reshape(40, -1).astype(np.float64)
    vectors -= vectors[0].mean()
    for block in (1, 77, 10**6):
        gram, sums = voxel_svm.gram_matrix(mapped, block)
        np.testing.assert_allclose(gram, vectors @ vectors.T, rtol=1e-9, atol=1e-6)
        np.testing.assert_allclose(sums, vectors.sum(axis=1), rtol=1e-9, atol=1e-6)


def test_test_rows_do_not_enter_the_fit(cohort):
    volumes, y = cohort
    train, test = split(0)
    gram, sums = voxel_svm.gram_matrix(volumes)
    before = voxel_svm.fit_predict(gram, sums, volumes[0].size, y, train, test[:4])
    changed, flipped = volumes.copy(), y.copy()
    changed[test[4:]] *= 3
    flipped[test] = 1 - flipped[test]
    gram, sums = voxel_svm.gram_matrix(changed)
    after = voxel_svm.fit_predict(gram, sums, volumes[0].size, flipped, train, test[:4])
    np.testing.assert_allclose(after.scores, before.scores, rtol=1e-9)


def test_constant_volumes_are_refused():
    gram, sums = voxel_svm.gram_matrix(np.full((6, 3, 3, 3), 5.0))
    with pytest.raises(ImageError, match="4 training volumes"):
        voxel_svm.fit_predict(gram, sums, 27, np.tile([0, 1], 3), np.arange(4), np.arange(4, 6))
