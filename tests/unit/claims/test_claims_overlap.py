import numpy as np
import pandas as pd

from support.claims_tables import accuracy, build, table3, verdicts


def test_table3_number_and_conclusion_are_judged_apart():
    def similar(low=0.55, high=0.8, **numbers):
        people = {"level": "participant", "area": [0.1] * 3, "dice": 0.4}
        people = pd.DataFrame(people).assign(dice_low=[low, 0.6, 0.6], dice_high=high)
        judged = verdicts(accuracy=accuracy(), table3=table3(**numbers), agreement=people)
        assert (judged[judged.index.str.startswith('"DICE"')] == "reproduced").all()
        return judged["High overlap: all three methods reveal similar patterns"]

    assert similar() == "supported"
    assert similar(dice=0.2) == "undecided"  # of group maps, without an interval
    assert similar(p_null=0.3) == "undecided"
    assert similar(low=0.3) == "undecided"
    assert similar(low=0.3, high=0.5) == "not supported"


def test_agreement_at_its_chance_level_is_never_plainly_reproduced():
    def rows(**numbers):
        table = build(accuracy=accuracy(), table3=table3(**numbers))
        return table[table["claim"].str.startswith('"DICE"')]

    at_chance = rows(agreement_chance=0.93)
    assert (at_chance["verdict"] == "reproduced, at chance").all()
    numbers = at_chance["chance"].str.findall(r"0\.\d\d")  # independent, disjoint, Dice
    assert numbers.tolist() == [["0.93", "0.88", "0.03"]] * 3
    assert (rows(agreement_chance=0.92)["verdict"] == "reproduced").all()
    assert (rows(agreement=0.99)["verdict"] == "differs").all()
    empty = rows(dice_threshold=np.nan)
    assert (empty["verdict"] == "not testable: a mask is empty").all()
    assert (empty["kan2020"] == "in this run: agreement 0.94").all()
    assert (empty["ours"] == "no true Dice, because a mask is empty").all()


def test_the_papers_numbers_need_no_overlap_whatever_the_run():
    row = (
        build(same_cohort=False).set_index("claim").filter(like="Table 3's numbers", axis=0).iloc[0]
    )
    assert row["verdict"] == "not supported by the paper's own numbers"
    assert "Meaningful Perturbations 2.5%" in row["ours"]
    assert "Grad-CAM 3.5%" in row["ours"]
