"""Claims about the morphometry models: the best one, its settings and its weights (Fig. 1)."""

import fnmatch
from collections.abc import Iterable

import numpy as np
import pandas as pd

from voxplain import paper
from voxplain.claims.verdicts import Claim, above, find, over_folds, statement, together
from voxplain.names import model_name
from voxplain.stats.over_folds import jackknife_t

TOP_FEATURES = 20
BEST = "logistic_regression"


def morphometry_claims(
    accuracy: pd.DataFrame | None,
    comparisons: pd.DataFrame | None,
    optimism: pd.DataFrame | None,
    importances: pd.DataFrame | None,
) -> list[Claim]:
    """Compare the models' features, ranking, settings and weights with section 4.1.

    Parameters
    ----------
    accuracy, comparisons, optimism, importances : pandas.DataFrame or None
        The run's tables.
    """
    return [
        _features(importances),
        _best_model(accuracy, comparisons),
        _chosen(optimism),
        _figure1(importances),
        _most_discriminative(importances),
    ]


def _features(importances: pd.DataFrame | None) -> Claim:
    title = "Morphometry has 935 features"
    stated = "34 cortical and 45 subcortical regions, 935 features"
    if importances is None or importances.empty:
        return Claim(title, "2", stated)
    n = importances["feature"].nunique()
    return Claim(
        title,
        "2",
        stated,
        ours=f"{n} features",
        source="importances",
        verdict="reproduced" if n == paper.N_MORPHOMETRY_FEATURES else "differs",
    )


def _best_model(accuracy: pd.DataFrame | None, comparisons: pd.DataFrame | None) -> Claim:
    """Judge by the paired bootstrap: the regression is better than each of the others."""
    rivals = [model for model in paper.TABLE1_MODELS if model != BEST]
    claim = Claim(
        "Logistic regression is the best of the morphometry models",
        "4.1, Table 1",
        "; ".join(f"{model_name(m)} {paper.ACCURACY[m].mean:.2f}" for m in (BEST, *rivals)),
    )
    intervals = {rival: _lead(comparisons, BEST, rival) for rival in rivals}
    leads = {rival: lead for rival, lead in intervals.items() if lead is not None}
    if accuracy is None or len(leads) < len(rivals):
        return claim
    values = accuracy.set_index("model")["accuracy"]
    return claim._replace(
        ours="; ".join(f"{model_name(m)} {values[m]:.2f}" for m in (BEST, *rivals)),
        uncertainty="lead, 95 % CI of the paired bootstrap: "
        + "; ".join(
            f"over {model_name(rival)} {low:+.2f} to {high:+.2f}"
            for rival, (low, high) in leads.items()
        ),
        chance="0",
        source="accuracy, comparisons",
        verdict=statement(together(*(above(*lead) for lead in leads.values()))),
    )


def _lead(comparisons: pd.DataFrame | None, a: str, b: str) -> tuple[float, float] | None:
    """Return the bootstrap interval of a's accuracy minus b's, whichever comes first."""
    row = find(comparisons, model_a=a, model_b=b)
    if row is not None:
        return row["boot_low"], row["boot_high"]
    row = find(comparisons, model_a=b, model_b=a)
    return None if row is None else (-row["boot_high"], -row["boot_low"])


def _chosen(optimism: pd.DataFrame | None) -> Claim:
    claim = Claim("Grid search chooses C = 1.3 for the logistic regression", "4.1", "C 1.3")
    row = find(optimism, model=BEST)
    if row is None:
        return claim
    return claim._replace(
        ours=f"{row['chosen']}, chosen on the test folds as in the paper",
        source="optimism",
        verdict="reproduced" if row["chosen"] == claim.paper else "differs",
    )


def _strength(importances: pd.DataFrame) -> pd.Series:
    """Return the features by the size of their mean coefficient, the largest first."""
    strength = importances.groupby("feature")["coefficient"].mean().abs()
    return strength.sort_values(ascending=False, kind="stable")


def _most_discriminative(importances: pd.DataFrame | None) -> Claim:
    claim = Claim(
        f"{paper.TOP_FEATURE} is the regression's most discriminative feature", "5", "the first"
    )
    if importances is None or paper.TOP_FEATURE not in set(importances["feature"]):
        return claim
    strength = _strength(importances)
    place = strength.index.get_loc(paper.TOP_FEATURE) + 1
    rival = strength.index.drop(paper.TOP_FEATURE)[0]
    folds = importances.pivot_table("coefficient", "fold", "feature")[[paper.TOP_FEATURE, rival]]
    sizes = folds * np.sign(folds.mean())  # towards 0 where a fold turns the sign
    _, low, high, _ = jackknife_t((sizes[paper.TOP_FEATURE] - sizes[rival]).to_numpy())
    return claim._replace(
        ours=f"rank {place} of {len(strength)}; the first is {strength.index[0]}",
        uncertainty=f"|coefficient| minus that of {rival}: {over_folds(low, high, '+.3f')}",
        chance=f"{1 / len(strength):.4f} for one of {len(strength)} at random",
        source="importances",
        verdict=statement(above(low, high)),
    )


def _figure1(importances: pd.DataFrame | None) -> Claim:
    """Check whether the regions named with Fig. 1 are among the largest coefficients."""
    title = "Fig. 1: the regression has its largest weights in " + ", ".join(paper.FIG1_REGIONS)
    stated = "named in the text"
    if importances is None or importances.empty:
        return Claim(title, "4.1, Fig. 1", stated)
    strength = _strength(importances)
    top = strength.index[:TOP_FEATURES]
    regions = {
        region: [feature for feature in strength.index if _matches(feature, patterns)]
        for region, patterns in paper.FIG1_REGIONS.items()
    }
    named = set().union(*regions.values())
    present = [region for region, features in regions.items() if set(features) & set(top)]
    return Claim(
        title,
        "4.1, Fig. 1",
        stated,
        ours=f"{len(named & set(top))} of our {len(top)} largest coefficients are in these regions"
        + (f" ({', '.join(present)})" if present else ""),
        chance=f"{len(top) * len(named) / len(strength):.1f} expected at random",
        source="importances",
        verdict=statement(len(present) == len(paper.FIG1_REGIONS)),
    )


def _matches(feature: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(feature, pattern) for pattern in patterns)
