"""Tables as a run's claims are built from, each with numbers that the tests change."""

import numpy as np
import pandas as pd

from voxplain import paper
from voxplain.claims.table import claims_table
from voxplain.run.tables import ResultTables

CLASSES = ("women", "men")


def accuracy(cnn=0.9, evidence=True, svm=0.85, svm_evidence=True):
    return pd.DataFrame(
        [
            {
                "model": model,
                "n": 100,
                "accuracy": value,
                "mean": value,
                "sd": 0.05,
                "ci_low": value - 0.06,
                "ci_high": value + 0.05,
                "majority": 0.52,
                "recall_negative": value,
                "recall_positive": value,
                "auc": 0.8,
                "evidence": shown,
            }
            for model, value, shown in (("cnn", cnn, evidence), ("voxel_svm", svm, svm_evidence))
        ]
    )


def comparisons(difference=0.05, p=0.01):
    row = {"model_a": "cnn", "difference": difference, "p_corrected": p}
    row |= {"boot_low": difference - 0.08, "boot_high": difference + 0.08}
    return pd.DataFrame([row | {"model_b": name} for name in ("voxel_svm", "logistic_regression")])


def masked(
    mask=0.8, random=0.6, complement=0.6, p_random=0.04, change=(-0.04, 0.02), lead=(0.01, 0.2)
):
    values = {"mask": mask, "random": random, "complement": complement}
    rows = [
        {"mask": name, "control": control, "accuracy_mean": value, "p_random": p_random}
        for name in (*CLASSES, "conjoined")
        for control, value in values.items()
    ]
    rows += [{"mask": name, "control": name, "accuracy_mean": 0.9} for name in ("brain", "none")]
    return pd.DataFrame(rows).assign(
        method="meaningful_perturbation",
        accuracy_sd=0.1,
        n_folds=10,
        paper_mean=np.nan,
        random_mean=random,
        random_p95=random + 0.1,
        change_low=change[0],
        change_high=change[1],
        lead_low=lead[0],
        lead_high=lead[1],
    )


def table3(dice=0.7, p_null=0.01, agreement=0.945, agreement_chance=0.9, dice_threshold=0.1):
    pairs = [tuple(sorted(pair)) for pair in paper.TABLE3]
    return pd.DataFrame(pairs, columns=["method_a", "method_b"]).assign(
        paper=[paper.TABLE3[frozenset(pair)] for pair in pairs],
        agreement=agreement,
        agreement_chance=agreement_chance,
        dice_threshold=dice_threshold,
        dice_threshold_chance=0.03,
        dice_equal_area=dice,
        agreement_disjoint=0.88,
        voxels_a=100,
        voxels_b=200,
        chance=0.1,
        null_p95=0.2,
        p_null=p_null,
    )


def build(class_names=CLASSES, same_cohort=True, reference=None, rules=None, **tables):
    return claims_table(ResultTables(**tables), class_names, same_cohort, reference, rules)


def verdicts(**tables):
    return build(**tables).set_index("claim")["verdict"]
