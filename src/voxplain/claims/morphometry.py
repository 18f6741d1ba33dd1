"""Claims about the morphometry models: which is best, its settings and what it weighs (Fig. 1)."""

import fnmatch

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
    """Compare the models' features, ranking, settings and weights with section 4.1."""
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
    """Judge by the paired bootstrap: the regression's lead over each rival excludes 0."""
    rivals = [model for model in paper.TABLE1_MODELS if model != BEST]
    claim = Claim(
        "Logistic regression is the best of the morphometry models",
        "4.1, Table 1",
        "; ".join(f"{model_name(m)} {paper.ACCURACY[m].mean:.2f}" for m in (BEST, *rivals)),
    )
    leads = [_lead(comparisons, BEST, rival) for rival in rivals]
    if accuracy is None or None in leads:
        return claim
    values = accuracy.set_index("model")["accuracy"]
    return claim._replace(
        ours="; ".join(f"{model_name(m)} {values[m]:.2f}" for m in (BEST, *rivals)),
        uncertainty="lead, 95 % CI of the paired bootstrap: "
        + "; ".join(
            f"over {model_name(rival)} {low:+.2f} to {high:+.2f}"
            for rival, (low, high) in zip(rivals, leads, strict=True)
        ),
        chance="0",
        source="accuracy, comparisons",
        verdict=statement(together(*(above(*lead) for lead in leads))),
    )


def _lead(comparisons: pd.DataFrame | None, a: str, b: str) -> tuple[float, float] | None:
    """Return the bootstrap interval of a's accuracy minus b's, in whatever order they stand."""
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
        ours=f"{row['chosen']}, on the folds that are scored, as in the paper",
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
        ours=f"number {place} of {len(strength)}; the first is {strength.index[0]}",
        uncertainty=f"|coefficient| minus that of {rival}: {over_folds(low, high, '+.3f')}",
        chance=f"first of {len(strength)} if drawn at random: {1 / len(strength):.4f}",
        source="importances",
        verdict=statement(above(low, high)),
    )


def _figure1(importances: pd.DataFrame | None) -> Claim:
    """Check whether the regions named beside Fig. 1 are among the largest coefficients."""
    title = "Fig. 1: the regression weighs " + ", ".join(paper.FIG1_REGIONS) + " most"
    stated = "named in the text"
    if importances is None or importances.empty:
        return Claim(title, "4.1, Fig. 1", stated)
    strength = _strength(importances)
    top = strength.index[:TOP_FEATURES]
    patterns = [pattern for region in paper.FIG1_REGIONS.values() for pattern in region]
    found = [
        region
        for region, own in paper.FIG1_REGIONS.items()
        if any(fnmatch.fnmatchcase(feature, pattern) for feature in top for pattern in own)
    ]
    share = np.mean([any(fnmatch.fnmatchcase(f, p) for p in patterns) for f in strength.index])
    expected = share * len(top)
    hits = sum(any(fnmatch.fnmatchcase(f, p) for p in patterns) for f in top)
    return Claim(
        title,
        "4.1, Fig. 1",
        stated,
        ours=f"{hits} of our {len(top)} largest coefficients lie there"
        + (f" ({', '.join(found)})" if found else ""),
        chance=f"{expected:.1f} if drawn at random",
        source="importances",
        verdict=statement(len(found) == len(paper.FIG1_REGIONS)),
    )
