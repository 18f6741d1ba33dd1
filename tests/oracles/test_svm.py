"""The SVM on the precomputed Gram matrix against scikit-learn's SVC on the vectors."""

import numpy as np
import pytest
from sklearn.kernel_approximation import Nystroem
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
        moments = np.stack([vectors.sum(axis=1), (vectors**2).sum(axis=1)], axis=1)
        np.testing.assert_allclose(sums, moments, rtol=1e-9, atol=1e-6)


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


@pytest.fixture(scope="module")
def groups():
    """600 participants whose classes differ in a tenth of 216 voxels."""
    rng = np.random.default_rng(8)
    y = np.tile([0, 1], 300)
    volumes = rng.standard_normal((600, 6, 6, 6)).astype(np.float32)
    volumes = np.cumsum(volumes, axis=1)  # neighbours alike, as in images
    volumes[y == 1, :, :2, :2] += 1.0
    order = rng.permutation(600)
    return volumes, y, order[:450], order[450:]


def approximated(monkeypatch, groups, n_landmarks):
    volumes, y, train, test = groups
    monkeypatch.setattr(voxel_svm, "EXACT_TO", 599)
    monkeypatch.setattr(voxel_svm, "LANDMARKS", n_landmarks)
    gram, sums = voxel_svm.gram_matrix(volumes)
    assert gram.shape == (600, n_landmarks)
    return voxel_svm.fit_predict(gram, sums, 216, y, train, test)


def test_with_everybody_as_landmark_the_approximation_is_the_svc(monkeypatch, groups):
    volumes, y, train, test = groups
    vectors = volumes.reshape(600, -1).astype(np.float64)
    oracle = SVC().fit(vectors[train], y[train])
    fitted = approximated(monkeypatch, groups, 600)
    assert fitted.parameters["landmarks"] == 450
    assert fitted.parameters["gamma"] == pytest.approx(oracle._gamma, rel=1e-9)
    np.testing.assert_allclose(fitted.scores, oracle.decision_function(vectors[test]), atol=0.005)


def test_few_landmarks_come_close_and_are_scikit_learns_nystroem(monkeypatch, groups):
    volumes, y, train, test = groups
    vectors = volumes.reshape(600, -1).astype(np.float64)
    oracle = SVC().fit(vectors[train], y[train])
    fitted = approximated(monkeypatch, groups, 300)
    exact = oracle.decision_function(vectors[test])
    assert np.corrcoef(fitted.scores, exact)[0, 1] > 0.95
    assert np.mean(fitted.predictions == oracle.predict(vectors[test])) > 0.9

    training_landmarks = np.intersect1d(voxel_svm.landmarks(600), train)
    assert fitted.parameters["landmarks"] == len(training_landmarks) < 300
    nystroem = Nystroem(gamma=oracle._gamma, n_components=len(training_landmarks)).fit(
        vectors[training_landmarks]
    )
    linear = SVC(kernel="linear").fit(nystroem.transform(vectors[train]), y[train])
    expected = linear.decision_function(nystroem.transform(vectors[test]))
    np.testing.assert_allclose(fitted.scores, expected, atol=0.005)


def test_an_approximation_sees_no_test_participant(monkeypatch, groups):
    volumes, y, train, test = groups
    before = approximated(monkeypatch, groups, 200)
    changed = volumes.copy()
    changed[test[4:]] *= 3
    changed[0] = volumes[0]  # gives the shift, which changes nothing but rounding
    after = approximated(monkeypatch, (changed, y, train, test), 200)
    np.testing.assert_allclose(after.scores[:4], before.scores[:4], rtol=1e-6)


def explicit_residuals(volumes, sizes, train):
    """Voxels minus their training cubics in head size, voxel by voxel."""
    vectors = volumes.reshape(len(volumes), -1).astype(np.float64)
    left, sizes = np.empty_like(vectors), sizes / 1000  # for polyfit's digits
    for voxel, values in enumerate(vectors.T):
        left[:, voxel] = values - np.polyval(np.polyfit(sizes[train], values[train], 3), sizes)
    return left / np.sqrt((left[train] ** 2).sum(axis=1).mean())


@pytest.mark.parametrize("C", [1.0, 10.0])
def test_head_size_is_taken_out_of_every_voxel(cohort, C):
    volumes, y = cohort
    train, test = split(1)
    sizes = np.random.default_rng(9).normal(1400 + 100 * y, 100)
    volumes = volumes * (1 + np.linspace(-1, 1, 7) * (sizes / 1400 - 1)[:, None, None, None])
    gram, _ = voxel_svm.gram_matrix(volumes)
    fitted = voxel_svm.fit_predict_residuals(gram, y, train, test, sizes, C)
    vectors = explicit_residuals(volumes, sizes, train)
    oracle = SVC(C=C, kernel="linear").fit(vectors[train], y[train])
    np.testing.assert_allclose(
        fitted.scores, oracle.decision_function(vectors[test]), rtol=1e-5, atol=1e-7
    )
    np.testing.assert_array_equal(fitted.predictions, oracle.predict(vectors[test]))


def test_what_is_head_size_alone_is_gone(monkeypatch):
    rng = np.random.default_rng(2)
    y = np.tile([0, 1], 60)
    sizes = 1400 + 150 * y + rng.normal(0, 60, 120)
    pattern = rng.standard_normal((1, 6, 6, 6))
    noise = rng.standard_normal((120, 6, 6, 6))
    volumes = 700 + noise + pattern * (sizes / 100)[:, None, None, None]
    train, test = np.arange(80), np.arange(80, 120)
    for exact_to in (120, 100):
        monkeypatch.setattr(voxel_svm, "EXACT_TO", exact_to)
        gram, sums = voxel_svm.gram_matrix(volumes)
        raw = voxel_svm.fit_predict(gram, sums, 216, y, train, test)
        assert np.mean(raw.predictions == y[test]) > 0.8
        freed = voxel_svm.fit_predict_residuals(gram, y, train, test, sizes)
        # 40 coin tosses: fewer than 28 hits in 99 of 100 draws
        assert np.sum(freed.predictions == y[test]) < 28


def test_few_landmarks_free_nearly_the_same_voxels(monkeypatch, groups):
    volumes, y, train, test = groups
    sizes = 1400 + 100 * y + np.random.default_rng(5).normal(0, 100, 600)
    vectors = explicit_residuals(volumes, sizes, train)
    exact = SVC(kernel="linear").fit(vectors[train], y[train]).decision_function(vectors[test])
    monkeypatch.setattr(voxel_svm, "EXACT_TO", 599)
    monkeypatch.setattr(voxel_svm, "LANDMARKS", 600)
    gram, _ = voxel_svm.gram_matrix(volumes)
    fitted = voxel_svm.fit_predict_residuals(gram, y, train, test, sizes)
    assert fitted.parameters["landmarks"] == 450
    assert np.corrcoef(fitted.scores, exact)[0, 1] > 0.99
    monkeypatch.setattr(voxel_svm, "LANDMARKS", 150)
    gram, _ = voxel_svm.gram_matrix(volumes)
    fitted = voxel_svm.fit_predict_residuals(gram, y, train, test, sizes)
    assert np.corrcoef(fitted.scores, exact)[0, 1] > 0.8
