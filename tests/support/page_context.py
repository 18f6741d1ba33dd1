"""A run's results as the page takes them, and a reader of the page."""

import base64
from html.parser import HTMLParser

import numpy as np
import pandas as pd

from voxplain.claims.table import COLUMNS as CLAIM_COLUMNS
from voxplain.report import RunResults

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


def config(**changes):
    perturbation = {
        "iterations": 60, "draws": 2, "jitter": 2, "mask_scale": 4, "sigma_0": 5.0, "sigma_m": 1.0,
        "lambda_1": 3.0, "lambda_2": 1.0, "beta": 7.0, "learning_rate": 0.3, "norm": "mean",
        "jitter_axes": "common", "blur": "gaussian", "box_width": 5, "hinge": 0.0, "ramp": 0,
        "amsgrad": False, "decay_every": 0, "early_stopping": False,
    }  # fmt: skip
    value = {
        "run": "tiny",
        "seed": 42,
        "cohort": {
            "layout": "synthetic",
            "space": "MNI152",
            "contrast": "T1w",
            "classes": {"negative": "cats", "positive": "dogs"},
            "synthetic": {
                "effect_size": 1.2,
                "null_cohort": False,
                "regions": [{"name": "left ear"}],
            },
        },
        "preparation": "none",
        "registration": {"method": "none", "template": "MNI152NLin6Asym"},
        "volumes": {"shape": [30, 36, 30], "normalisation": "brain_mean", "brain_mask": "image"},
        "folds": {"n_splits": 10, "groups": "family"},
        "cnn": {
            "network": None, "network_settings": {},
            "channels": [8, 16, 32], "dropout": 0.5, "epochs": 20,
            "batch_size": 10, "learning_rate": 0.001, "weight_decay": 0.0, "milestones": [10],
            "gamma": 0.3, "average_last": 1,
        },
        "baselines": {"inner_splits": 3, "svm_c": 1.0},
        "attribution": {
            "methods": ["meaningful_perturbation", "grad_cam"],
            "model": "fold",
            "target": "true_class",
            "grad_cam": {"layer": None, "upsampling": "receptive_field"},
            "meaningful_perturbation": perturbation,
        },
        "evaluation": {
            "bootstraps": 200, "head_size_caliper": 0.25, "permutations": 100,
            "random_masks": 5, "surrogates": 50, "equal_area": 0.1,
            "thresholds": {"grad_cam": 0.65},
        },
        "atlases": [],
    }  # fmt: skip
    for path, new in changes.items():
        *parents, last = path.split("__")
        part = value
        for key in parents:
            part = part[key]
        part[last] = new
    return value


def accuracy(evidence=True):
    return pd.DataFrame(
        [
            {
                "model": "cnn", "n": 80, "accuracy": 0.9 if evidence else 0.55, "mean": 0.9,
                "sd": 0.05, "ci_low": 0.81, "ci_high": 0.95, "majority": 0.5,
                "p_permutation": 0.0005, "evidence": evidence,
            },
            {
                "model": "head_size", "n": 80, "accuracy": 0.61, "mean": 0.6, "sd": 0.1,
                "ci_low": 0.5, "ci_high": 0.7, "majority": 0.5, "p_permutation": 0.04,
                "evidence": False,
            },
        ]
    )  # fmt: skip


def bare_results(**parts):
    """A run that has made nothing but what is named."""
    return RunResults(**{"run": "tiny", "config": config()} | parts)


def full_results(tmp_path, **parts):
    png = tmp_path / "figure.png"
    png.write_bytes(PNG)
    names = (
        "fig1 fig2a fig2b fig2c fig3 accuracy history quality masked_accuracy table3 localisation "
        "convergence"
    )
    methods = ["meaningful_perturbation", "grad_cam"]
    masked = pd.DataFrame(
        [
            {"method": m, "mask": mask, "control": control, "accuracy_mean": value}
            for m in methods
            for mask, control, value in (
                ("none", "none", 0.91),
                ("brain", "brain", 0.89),
                ("conjoined", "mask", 0.8),
                ("conjoined", "random", 0.61),
                ("conjoined", "complement", 0.62),
            )
        ]
    ).assign(accuracy_sd=0.1, n_folds=10, paper_mean=np.nan, paper_sd=np.nan)
    masked = masked.assign(random_mean=0.61, random_p95=0.7, p_random=0.04)
    masked = masked.assign(change_low=-0.04, change_high=0.02)
    regions = pd.DataFrame(
        [
            {"method": m, "rank": r, "value": r, "name": f"area <{r}>", "score": 0.1, "p_fwe": 0.01}
            for m in methods
            for r in range(1, 9)
        ]
    )
    pairs = pd.DataFrame(
        [{"method_a": methods[0], "method_b": methods[1], "paper": 0.94, "agreement": 0.95}]
    ).assign(
        agreement_chance=0.94, dice_threshold=np.nan, dice_threshold_chance=0.0,
        dice_equal_area=0.2, chance=0.1, null_p95=0.15, p_null=0.01,
    )  # fmt: skip
    tables = {
        "provenance": {"python": "3.11.2"},
        "participants": pd.DataFrame(
            {
                "participant_id": ["sub-001", "sub-002"],
                "class_name": ["cats", "dogs"],
                "age": [3.0, 4.0],
                "tiv": [1400.0, 1500.0],
                "family_id": pd.array(["f1", pd.NA], dtype="string"),
            }
        ),
        "quality": pd.DataFrame({"participant_id": ["sub-<b>"], "outlier": [False]}),
        "accuracy": accuracy(),
        "table1": pd.DataFrame({"model": ["knn"], "accuracy_mean": [0.7], "status": ["ok"]}),
        "masked_accuracy": masked,
        "table2": {"brainnetome": regions},
        "table3": pairs,
        "localisation": pd.DataFrame(
            {"method": methods, "auc": [0.8, 0.5], "null_auc_p95": 0.6, "p_auc": [0.01, 0.4]}
        ),
        "localisation_regions": pd.DataFrame(
            {
                "method": np.repeat(methods, 2),
                "region": ["left ear", "nose"] * 2,
                "p_auc": [0.02, 0.03, 0.03, 0.04],
            }
        ).assign(n_truth=9, auc=0.7, null_auc_p95=0.6, peak_inside=1),
        "first_layer": pd.DataFrame(
            {
                "measure": ["mean"],
                "fold": ["01"],
                "n": [10],
                "feature": [1],
                "difference": [0.5],
                "p_holm": [0.01],
                "p_adjusted_holm": [0.2],
            }
        ),
        "runtime": pd.DataFrame(
            {"method": methods, "seconds": [4000.0, 2.0], "cohort_seconds": 5400.0, "maps": 8}
        ),
        "degenerate": pd.DataFrame({"method": methods, "n_maps": 8, "n_degenerate": [1, 0]}),
        "figures": dict.fromkeys(names.split(), png),
        "claims": pd.DataFrame("n/a", index=[0], columns=CLAIM_COLUMNS).assign(
            claim="a",
            verdict="near chance",
            kan2020="in this run: 1",
            paper="2",
            chance="0.50",
            paper_cohort="HCP, another cohort",
            uncertainty=None,
            source="tables/accuracy.tsv, tables/optimism.tsv",
        ),
    }
    return bare_results(**tables | parts)


class Page(HTMLParser):
    """Collect what a browser would fetch, ids, anchors, and elements that need a name."""

    VOID = ("meta", "link", "img", "br", "input", "hr")

    def __init__(self, text):
        super().__init__()
        self.ids, self.anchors, self.fetched, self.images, self.captions = [], [], [], 0, 0
        self.open, self.tables, self.tags = [], 0, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "a" and attributes["href"].startswith("#"):
            self.anchors.append(attributes["href"][1:])
        self.fetched += [attributes[key] for key in ("src", "srcset") if key in attributes]
        if tag == "link":
            self.fetched.append(attributes["href"])
        if tag == "img":
            assert attributes["alt"]
            self.images += 1
        self.tables += tag == "table"
        self.captions += tag == "caption"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
