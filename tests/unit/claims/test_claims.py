import pandas as pd
import pytest

from support.claims_tables import accuracy, build, comparisons, masked, table3, verdicts
from voxplain import paper
from voxplain.claims.table import check_reference
from voxplain.claims.verdicts import BY_ITS_OWN_NUMBERS, OTHER_MODALITY
from voxplain.errors import ConfigError


def test_without_tables_nothing_is_tested():
    rows = build()
    alone = rows["verdict"].isin([OTHER_MODALITY, BY_ITS_OWN_NUMBERS])
    assert alone.sum() == 2
    assert rows.loc[~alone, "verdict"].str.startswith("not tested here").all()
    assert (rows.loc[~alone, "ours"] == "").all()
    assert (rows["kan2020"] == "n/a").all()
    assert len(rows) >= 30
    assert not rows["claim"].duplicated().any()


def test_another_cohort_is_marked_on_tested_claims_only():
    judged = verdicts(accuracy=accuracy(), same_cohort=False)
    assert judged["Accuracy: 3D CNN"] == "reproduced, other cohort"
    assert judged["Accuracy: k-NN, morphometry"] == "not tested here"


def test_near_chance_network_spoils_what_rests_on_it_and_nothing_else():
    judged = verdicts(
        accuracy=accuracy(cnn=0.55, evidence=False, svm=0.88),
        comparisons=comparisons(-0.33),
        masked_accuracy=masked(),
        table3=table3(),
    )
    spoilt = judged[
        judged.index.str.contains('images multiplied|conjoined|^"DICE|High overlap|3D CNN')
    ]
    assert (spoilt == "near chance").all()
    assert judged["Accuracy: SVM on voxels"] == "reproduced"


def test_titles_name_the_papers_classes_as_the_papers():
    rows = build(class_names=("cats", "dogs"), same_cohort=False)
    others = rows["claim"].str.replace(r"the paper's (wo)?men", "", regex=True)
    assert not others.str.contains(r"\b(?:wo)?men\b").any()
    assert rows["claim"].str.contains(r"cats mask \(the paper's women\)").sum() == 1


def test_paper_numbers_are_consistent():
    assert paper.N_MEN + paper.N_WOMEN == paper.N_PARTICIPANTS
    assert (
        paper.FIRST_LAYER_LARGER_NEGATIVE + paper.FIRST_LAYER_LARGER_POSITIVE
        == paper.FIRST_LAYER_DIFFERENT
    )
    assert set(paper.ACCURACY) >= set(paper.TABLE1_MODELS)
    scores = [region.score for region in paper.TABLE2["icbm"]]
    assert scores == sorted(scores, reverse=True)


def test_a_run_of_the_papers_protocol_fills_its_column():
    reference = build(accuracy=accuracy(cnn=0.88), table3=table3())
    reference = pd.concat([reference, pd.DataFrame({"claim": ["other"], "ours": ["x"]})])
    rows = build(accuracy=accuracy(), reference=reference).set_index("claim")
    assert rows.loc["Accuracy: 3D CNN", "kan2020"] == "0.88 ± 0.05 over folds"
    assert rows.loc["Accuracy: k-NN, morphometry", "kan2020"] == ""
    agreed = rows.loc[rows.index.str.startswith("High overlap"), "kan2020"]
    assert agreed.tolist() == ["agreement 0.94 to 0.94"]
    alone = build(accuracy=accuracy()).set_index("claim")["kan2020"]
    assert alone["Accuracy: 3D CNN"] == "in this run: 0.90 ± 0.05 over folds"
    assert alone["Accuracy: k-NN, morphometry"] == "n/a"


def test_a_reference_of_other_people_is_refused():
    ours, theirs = (pd.DataFrame({"participant_id": list(ids)}) for ids in ("abc", "abd"))
    check_reference(ours, ours[::-1], "demo_kan2020")
    with pytest.raises(ConfigError, match=r"demo_kan2020 has other participants .*\(2 are"):
        check_reference(ours, theirs, "demo_kan2020")


def test_tables_are_named_with_the_rule_that_made_them():
    rules = {"accuracy": "prediction_tables", "comparisons": "prediction_tables"}
    rows = build(accuracy=accuracy(), comparisons=comparisons(), rules=rules).set_index("claim")
    row = rows.loc["The 3D CNN slightly outperforms the SVM on voxels"]
    assert row["rule"] == "prediction_tables"
    assert rows.loc["Accuracy: k-NN, morphometry", ["source", "rule"]].tolist() == ["", ""]
    assert set(rows["paper_cohort"]) == {"HCP, this cohort"}
    assert set(build(same_cohort=False)["paper_cohort"]) == {"HCP, another cohort"}
