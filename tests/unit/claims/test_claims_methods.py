import pandas as pd

from support.claims_tables import verdicts
from voxplain.claims import methods as claims
from voxplain.run.tables import ResultTables

METHODS = ["grad_cam", "guided_backprop", "meaningful_perturbation"]


def test_runtime_order():
    runtime = pd.DataFrame({"method": METHODS, "seconds": [0.1, 0.2, 9.0], "maps": 1})
    runtime["cohort_seconds"] = 100 * runtime["seconds"]
    row = claims.runtime_order(runtime)
    assert (
        row.ours == "0.1 s; 0.2 s; 9 s per map; one map of each participant: 10 s, 20 s, 15.0 min"
    )
    assert row.verdict == "supported"
    runtime.loc[0, "seconds"] = 1.0
    assert verdicts(runtime=runtime).filter(like="fastest").tolist() == ["not supported"]


def robustness(noise=((0.9, 0.8, 0.95), (0.5, 0.4, 0.6)), dropout=(0.5, 0.4, 0.9)):
    """Similarity by method at two levels of noise, and with dropout on."""
    kinds = {("noise", "0.01"): noise[0], ("noise", "0.1"): noise[1], ("dropout", "on"): dropout}
    kinds |= {("seed", "1"): (0.3, 0.2, 0.4), ("other participant", ""): (0.7, 0.6, 0.5)}
    rows = [
        {"method": method, "kind": kind, "level": level, "spearman": value, "participants": 6}
        | {"lag_low": values[2] - value - 0.04, "lag_high": values[2] - value + 0.04}
        for (kind, level), values in kinds.items()
        for method, value in zip(METHODS, values, strict=True)
    ]
    return pd.DataFrame(rows)


def test_less_sensitive_means_more_alike_at_every_level():
    row = claims.sensitivity(robustness(), True)
    assert row.verdict == "supported"
    assert "1% noise: 0.90, 0.80, 0.95; 10% noise: 0.50, 0.40, 0.60;" in row.ours
    assert row.ours.endswith("other seeds: 0.30, 0.20, 0.40")
    assert row.chance == "maps of two participants: 0.70, 0.60, 0.50"
    assert "95 % CI over 6 participants" in row.uncertainty
    assert row.uncertainty.endswith(
        ": over Grad-CAM at 1% noise +0.01 to +0.09; over Grad-CAM at 10% noise +0.06 to +0.14; "
        "over Guided Backpropagation at 1% noise +0.11 to +0.19; "
        "over Guided Backpropagation at 10% noise +0.16 to +0.24"
    )
    # behind one of them, or ahead by no more than chance
    for behind, verdict in ((0.45, "not supported"), (0.53, "undecided")):
        once = robustness(noise=((0.9, 0.8, 0.95), (0.5, 0.4, behind)))
        assert claims.sensitivity(once, True).verdict == verdict
    alone = robustness().assign(lag_low=float("nan"), lag_high=float("nan"))
    assert claims.sensitivity(alone, True).verdict == "undecided"
    assert claims.sensitivity(robustness(), False).verdict == "near chance"
    assert claims.sensitivity(None, True).verdict == "not tested here"


def test_dropout_matters_where_both_gradient_methods_change_more():
    row = claims.dropout(robustness(), True)
    assert row.ours.endswith(
        "Grad-CAM 0.50, Guided Backpropagation 0.40, Meaningful Perturbations 0.90"
    )
    assert row.verdict == "supported"
    assert "over Grad-CAM +0.36 to +0.44; over Guided Backpropagation +0.46" in row.uncertainty
    assert claims.dropout(robustness(dropout=(0.95, 0.4, 0.9)), True).verdict == "not supported"
    assert claims.dropout(robustness(dropout=(0.89, 0.4, 0.9)), True).verdict == "undecided"
    without = robustness().query("kind != 'dropout'")
    assert claims.dropout(without, True).verdict == "not tested here"


def first_choice(seconds=0.1, alike=0.2, p_auc=0.01, low=0.1, high=0.3, truth=True, plain=0.7):
    runtime = pd.DataFrame({"method": METHODS, "seconds": [seconds, 0.2, 9.0], "maps": 1})
    kinds = ["randomised", "shuffled"]
    robustness = pd.DataFrame(
        [
            {"method": m, "kind": kind, "level": "", "spearman": alike}
            | {"ci_low": alike - 0.05, "ci_high": alike + 0.05}
            for m in METHODS
            for kind in kinds
        ]
    )
    truths, controls = None, None
    if truth:
        truths = pd.DataFrame({"method": METHODS, "auc": 0.7, "p_auc": p_auc})
        controls = pd.DataFrame({"method": ["edges", "input_gradient"], "auc": [0.9, plain]})
    faithful = pd.DataFrame({"method": METHODS, "ci_low": low, "ci_high": high})
    tables = ResultTables(
        runtime=runtime,
        robustness=robustness,
        localisation=truths,
        localisation_controls=controls,
        faithfulness=faithful,
    )
    return claims.first_choice(tables, True)


def test_the_advice_needs_speed_sanity_and_truth():
    assert first_choice().verdict == "supported"
    assert first_choice(seconds=0.3).verdict == "not supported"
    assert first_choice(alike=0.6).verdict == "not supported"
    assert first_choice(alike=0.48).verdict == "undecided"
    assert first_choice(plain=0.71).verdict == "not supported"  # a plain gradient does better
    assert first_choice(p_auc=0.02).verdict == "undecided"  # .06 by Holm over three methods
    assert first_choice(p_auc=0.02).ours.endswith(
        "(p = 0.060, Holm over the methods); AUC of the plain gradient 0.70"
    )
    unknown = first_choice(truth=False)
    assert unknown.verdict == "supported"
    assert unknown.source == "runtime, robustness, faithfulness"
    assert first_choice(truth=False, low=-0.1).verdict == "undecided"
    assert first_choice(truth=False, low=-0.3, high=-0.1).verdict == "not supported"
