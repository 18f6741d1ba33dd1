"""All models without a network under their names, for jobs that fit them repeatedly."""

from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from voxplain.baselines import Fitted, head_size, morphometry, voxel_svm
from voxplain.cohort.groups import family_groups
from voxplain.run.files import read_table


class JobInputs(Protocol):
    """Paths of a job: `Baselines.read`'s, and those of `voxel_svm.gram_matrix`'s results."""

    quality: str
    morphometry: str
    gram: str
    sums: str


class JobParameters(Protocol):
    """Parameters of a job: `Baselines.read`'s, and the number of voxels per volume."""

    settings: dict[str, Any]
    seed: int
    threads: int
    n_voxels: int


@dataclass(frozen=True)
class InnerProducts:
    """What the voxel SVM is fitted on.

    Attributes
    ----------
    gram, sums : numpy.ndarray, shapes (n, n_landmarks) and (n, 2)
        From `voxplain.baselines.voxel_svm.gram_matrix`.
    n_voxels : int
        Voxels per volume.
    """

    gram: np.ndarray
    sums: np.ndarray
    n_voxels: int


@dataclass(frozen=True)
class Baselines:
    """What the models without a network are fitted on.

    Parameters
    ----------
    settings : dict
        ``baselines`` of the configuration.
    seed : int
    sizes : pandas.Series, shape (n,)
        Head size (`voxplain.baselines.head_size.measured`).
    families : numpy.ndarray, shape (n,)
        Name of each participant's family (`voxplain.cohort.groups.family_groups`).
    features : pandas.DataFrame or None, shape (n, n_features)
        Morphometry; None if the cohort has none.
    threads : int
        For XGBoost.
    products : InnerProducts or None
        Only the voxel SVM needs them.
    """

    settings: dict[str, Any]
    seed: int
    sizes: pd.Series
    families: np.ndarray
    features: pd.DataFrame | None
    threads: int
    products: InnerProducts | None = None

    @classmethod
    def read(
        cls,
        participants: pd.DataFrame,
        quality: str,
        morphometry: str,
        settings: dict[str, Any],
        seed: int,
        threads: int,
    ) -> Self:
        """Take head size, families and features from the run's files.

        Parameters
        ----------
        participants : pandas.DataFrame
            As `voxplain.baselines.head_size.measured` takes them, with families.
        quality : str
            Path of the run's quality control.
        morphometry : str
            Path of a table, column participant_id and one per feature; empty if there is none.
        settings, seed, threads
            The attributes of these names.
        """
        features = read_table(morphometry).set_index("participant_id") if morphometry else None
        return cls(
            sizes=head_size.measured(participants, read_table(quality)),
            families=family_groups(participants),
            features=features,
            settings=settings,
            seed=seed,
            threads=threads,
        )

    @classmethod
    def read_job(cls, participants: pd.DataFrame, inputs: JobInputs, params: JobParameters) -> Self:
        """Take everything from the inputs and parameters of a job that also fits the voxel SVM.

        Parameters
        ----------
        participants : pandas.DataFrame
            As for `read`.
        inputs : JobInputs
        params : JobParameters
        """
        baselines = cls.read(
            participants,
            inputs.quality,
            inputs.morphometry,
            params.settings,
            params.seed,
            params.threads,
        )
        gram, sums = np.load(inputs.gram), np.load(inputs.sums)
        return replace(baselines, products=InnerProducts(gram, sums, params.n_voxels))

    def fit_predict(
        self, model: str, labels: np.ndarray, train: np.ndarray, test: np.ndarray
    ) -> Fitted:
        """Fit a model on the training rows and predict the test rows.

        Parameters
        ----------
        model : str
            ``voxel_svm``, ``head_size`` or a model of `voxplain.baselines.morphometry`.
        labels : numpy.ndarray of int, shape (n,)
            Class, 0 or 1; may be permuted.
        train, test : numpy.ndarray of int
            Rows.

        Raises
        ------
        ValueError
            The model needs inner products or features, and there are none.
        """
        if model == "voxel_svm":
            if self.products is None:
                raise ValueError("the voxel SVM needs inner products; use Baselines.read_job")
            return voxel_svm.fit_predict(
                self.products.gram,
                self.products.sums,
                self.products.n_voxels,
                labels,
                train,
                test,
                self.settings["svm_c"],
            )
        if model == "head_size":
            return head_size.fit_predict(self.sizes, labels, train, test)
        if self.features is None:
            raise ValueError(f"{model} needs morphometry, and this cohort has none")
        settings = {
            "inner_folds": self.settings["inner_splits"],
            "threads": self.threads,
            "grids": self.settings,
        }
        return morphometry.fit_predict(
            model,
            self.features,
            labels,
            train,
            test,
            self.families,
            settings,
            self.seed,
            self.sizes,
        )

    def predict(
        self, model: str, labels: np.ndarray, train: np.ndarray, test: np.ndarray
    ) -> np.ndarray:
        """Return the predicted class of the test rows, (n_test,).

        Parameters
        ----------
        model, labels, train, test
            As for `fit_predict`.
        """
        return self.fit_predict(model, labels, train, test).predictions
