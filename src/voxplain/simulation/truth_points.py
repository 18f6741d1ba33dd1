"""Studies of embedded cohorts of other sizes and effects: the points of a sweep."""

import copy
from typing import Any

RUN = "point"


def point_settings(config: dict[str, Any], n: int, effect: float, n_splits: int) -> dict[str, Any]:
    """Return the configuration of one point; what the sweep does not read is kept small.

    Parameters
    ----------
    config : dict
        The run's configuration.
    n : int
        Participants.
    effect : float
        Effect size (Cohen's d) of each planted region.
    n_splits : int
        Number of folds.
    """
    point = copy.deepcopy(config) | {"run": RUN, "seed": config["seed"] + n}
    point["cohort"]["layout"] = "synthetic"
    point["cohort"]["synthetic"] |= {
        "n_subjects": n,
        "effect_size": effect,
        "null_cohort": False,
    }
    point["folds"]["n_splits"] = n_splits
    # No model of morphometry is fitted, and a small cohort has fewer neighbours than asked for.
    point["baselines"]["knn"]["n_neighbors"] = [1]
    point["attribution"]["training_sample"] = 1
    point["evaluation"]["faithfulness"] |= {"participants": 1, "random_orders": 1}
    return point
