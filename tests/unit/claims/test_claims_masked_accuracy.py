import math

import pandas as pd
import pytest

from support.claims_tables import accuracy, build, masked, verdicts
from voxplain.claims.masked_accuracy import conjunction_claim, masks_suffice, whole_brain_claim
from voxplain.claims.verdicts import fold_interval


def test_fold_interval_is_students_t_with_the_corrected_variance():
    row = pd.Series({"accuracy_mean": 0.8, "accuracy_sd": 0.1, "n_folds": 10})
    half = 2.2621571628 * 0.1 * math.sqrt(1 / 10 + 1 / 9)  # t(.975, 9) from a table
    assert fold_interval(row) == pytest.approx((0.8 - half, 0.8 + half))


def test_fold_interval_stays_between_zero_and_one():
    row = pd.Series({"accuracy_mean": 0.98, "accuracy_sd": 0.1, "n_folds": 10})
    low, high = fold_interval(row)
    assert low == pytest.approx(0.98 - 0.1039, abs=1e-4)
    assert high == 1
    row["accuracy_mean"] = 0.01
    assert fold_interval(row)[0] == 0


def test_a_mask_that_random_masks_reach_is_at_chance_whatever_the_paper_says():
    # .59 of the paper lies in .60 +- 2.26 * .1 * sqrt(1 / 10 + 1 / 9), and so does chance
    judged = verdicts(accuracy=accuracy(), masked_accuracy=masked(mask=0.6, p_random=0.05))
    title = "Accuracy on images multiplied by the men mask (the paper's men)"
    assert judged[title] == "at chance"
    judged = verdicts(accuracy=accuracy(), masked_accuracy=masked(mask=0.6, p_random=0.04))
    assert judged[title] == "undecided"
    exact = masked(mask=0.6, random=0.5).assign(accuracy_sd=0.02)  # .59 - .5 is twice .042
    judged = verdicts(accuracy=accuracy(), masked_accuracy=exact)
    assert judged[title] == "reproduced"
    rows = build(masked_accuracy=masked(p_random=0.04))
    chance = rows.set_index("claim").loc[title, "chance"]
    assert chance == "0.60 for random masks of the same volume, 95 % below 0.70; p = 0.040"


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ({}, "supported"),
        ({"lead": (-0.01, 0.2)}, "undecided"),
        ({"lead": (-0.2, -0.01)}, "not supported"),
        ({"p_random": 0.05}, "undecided"),
    ],
)
def test_the_conjunction_has_to_lead_both_classes_masks_fold_by_fold(numbers, verdict):
    table = masked(mask=0.6, **numbers)
    rows = build(accuracy=accuracy(), masked_accuracy=table).set_index("claim")
    row = rows.loc["The conjoined mask keeps more accuracy than the mask of either class"]
    assert row["verdict"] == verdict
    assert row["paper"] == "0.82 against 0.59 and 0.59"
    assert row["ours"] == "0.60 against 0.60 (women) and 0.60 (men)"
    table.loc[table["mask"] == "men", "lead_low"] = -0.3
    assert conjunction_claim(table, True).verdict in ("undecided", "not supported")


def roar(low, high, random=0.8):
    rows = pd.DataFrame({"share": [0.1, 0.3], "cost_low": [0.2, low], "cost_high": [0.4, high]})
    return rows.assign(method="meaningful_perturbation", accuracy=0.7, random=random)


@pytest.mark.parametrize(
    ("table", "verdict"),
    [
        (roar(-0.04, 0.05), "supported"),  # missed no more than random voxels
        (roar(0.06, 0.2), "not supported"),
        (roar(-0.1, 0.2), "undecided"),
        (roar(-0.04, 0.05, random=0.56), "undecided"),  # random voxels cost everything, too
        (None, "not tested here: snakemake roar"),
    ],
)
def test_only_retraining_tells_whether_the_whole_brain_differs(table, verdict):
    assert whole_brain_claim(table, accuracy(), True).verdict == verdict


def test_masks_suffice_by_intervals():
    exact = masked(complement=0.52).assign(accuracy_sd=0.02)  # half of the interval is .021
    assert masks_suffice(exact, 0.52) == "supported"
    assert masks_suffice(exact.assign(p_random=0.05), 0.52) == "undecided"
    assert masks_suffice(exact.assign(change_low=-0.06), 0.52) == "undecided"
    assert masks_suffice(exact.assign(change_low=-0.2, change_high=-0.06), 0.52) == "not supported"
    assert masks_suffice(exact, 0.48) == "undecided"
    assert masks_suffice(exact, 0.44) == "not supported"
    assert masks_suffice(exact.query("mask != 'conjoined'"), 0.52) is None
