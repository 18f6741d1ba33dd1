"""All models without a network under their names, for whoever fits them again and again."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from voxplain.baselines import Fitted, head_size, morphometry, voxel_svm
from voxplain.cohort.groups import family_groups
from voxplain.run.files import read_table


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
    gram, sums : numpy.ndarray or None, shapes (n, n_landmarks) and (n, 2)
        From `voxplain.baselines.voxel_svm.gram_matrix`; only the voxel SVM needs them and
        `n_voxels`.
    n_voxels : int or None
        Voxels per volume.
    """

    settings: dict[str, Any]
    seed: int
    sizes: pd.Series
    families: np.ndarray
    features: pd.DataFrame | None
    threads: int
    gram: np.ndarray | None = None
    sums: np.ndarray | None = None
    n_voxels: int | None = None

    @classmethod
    def read(
        cls,
        participants: pd.DataFrame,
        quality: str,
        morphometry: str | None,
        gram: str | None = None,
        sums: str | None = None,
        **rest: Any,
    ) -> Self:
        """Take head size, families, features and inner products from the run's files.

        Parameters
        ----------
        participants : pandas.DataFrame
            As `voxplain.baselines.head_size.measured` takes them, with families.
        quality : str
            Path of the run's quality control.
        morphometry : str or None
            Path of a table, column participant_id and one per feature; empty if there is none.
        gram, sums : str, optional
            Paths of the attributes of these names.
        **rest
            The other attributes.
        """
        features = read_table(morphometry).set_index("participant_id") if morphometry else None
        return cls(
            sizes=head_size.measured(participants, read_table(quality)),
            families=family_groups(participants),
            features=features,
            gram=np.load(gram) if gram else None,
            sums=np.load(sums) if sums else None,
            **rest,
        )

    def fit_predict(
        self, model: str, labels: np.ndarray, train: np.ndarray, test: np.ndarray
    ) -> Fitted:
        """Fit a model on the training rows and predict the test rows.

        Parameters
        ----------
        model : str
            ``voxel_svm``, ``head_size`` or a model of `voxplain.baselines.morphometry`.
        labels : numpy.ndarray of int, shape (n,)
            Class, 0 or 1; need not be the participants' own.
        train, test : numpy.ndarray of int
            Rows.
        """
        if model == "voxel_svm":
            C = self.settings["svm_c"]
            return voxel_svm.fit_predict(
                self.gram, self.sums, self.n_voxels, labels, train, test, C
            )
        if model == "head_size":
            return head_size.fit_predict(self.sizes, labels, train, test)
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
