import base64
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from voxplain.report import build, methods
from voxplain.report.answer import answer, class_names
from voxplain.report.claims import COLUMNS as CLAIM_COLUMNS
from voxplain.report.notices import notices
from voxplain.report.tables import cell, duration, number

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
        "registration": {"method": "none", "template": "MNI152NLin6Asym"},
        "volumes": {"shape": [30, 36, 30], "normalisation": "brain_mean", "brain_mask": "image"},
        "folds": {"n_splits": 10},
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


def full_context(tmp_path):
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
    return {
        "run": "tiny",
        "config": config(),
        "provenance": {"python": "3.11.2"},
        "participants": pd.DataFrame(
            {
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
                "feature": [1],
                "p_holm": [0.01],
                "p_adjusted_holm": [0.2],
                "larger": ["dogs"],
            }
        ),
        "runtime": pd.DataFrame(
            {"method": methods, "seconds": [4000.0, 2.0], "cohort_seconds": 5400.0}
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


def test_full_page_is_whole_self_contained_and_escaped(tmp_path):
    text = build(full_context(tmp_path))
    page = Page(text)
    assert page.open == []
    assert all(address.startswith("data:") for address in page.fetched)
    assert "http://" not in text
    assert "https://" not in text
    assert len(page.ids) == len(set(page.ids))
    assert set(page.anchors) <= set(page.ids)
    assert page.images == 12
    assert page.tables == page.captions > 8
    assert page.tags.count("h1") == 1
    assert {"nav", "main", "header"} <= set(page.tags)
    assert "sub-&lt;b&gt;" in text
    assert "area &lt;5&gt;" in text
    for name in ("accuracy.tsv", "optimism.tsv"):  # of one claim; each a link of its own
        assert f'<a href="tables/{name}">{name}</a>' in text
    assert "<small>chance: 0.50</small>" in text
    five, everything = (
        text.partition(f'id="table-2-brainnetome{part}"')[2].partition("</table>")[0]
        for part in ("", "-all")
    )
    assert "area &lt;6&gt;" not in five  # only the highest regions
    assert "area &lt;6&gt;" in everything
    assert "(n = 2; 10-fold, seed 42.)" in text
    assert "Selvaraju RR" in text  # Grad-CAM is in the run
    assert "Springenberg" not in text  # Guided Backpropagation is not
    assert "1.1 h" in text  # 4002 s
    assert "cats" in text
    assert "planted voxels" in text
    assert "1.5 h" in text  # 5400 s for the cohort
    assert "p (random masks)" in text
    assert "agreement of independent masks" in text
    assert "nested 10-fold" in text
    assert "these maps are no evidence" not in text
    assert ">nan<" not in text.lower()
    assert "nan±" not in text.lower().replace(" ", "")


def test_page_without_any_result_says_so_in_words(tmp_path):
    text = build({"run": "bare", "config": config()})
    page = Page(text)
    assert page.images == 0
    assert "no predictions of the network" in text
    assert "has no morphometry" in text
    assert "XGBoost, morphometry 0.89 ± 0.02" in text
    assert "no atlas is configured" in text
    assert set(page.anchors) <= set(page.ids)


def test_native_space_explains_missing_regions():
    text = build({"run": "x", "config": config(cohort__space="native")})
    assert "the images are in native space and the atlases in MNI152" in text


def test_answer_of_a_good_network(tmp_path):
    text = answer(full_context(tmp_path))
    assert "accuracy of 0.90 (95 % CI 0.81 to 0.95)" in text
    assert "Head size alone gave 0.61" in text
    assert "found beyond chance by Meaningful Perturbations (Holm" in text
    assert "exceed the spatial null, family-wise p < 0.05: 8 of 8 in brainnetome" in text
    # Holm over two regions: .04 and .04 (2 * .02, 1 * .03); .06 and .06 (2 * .03)
    assert "Meaningful Perturbations 2 of 2, Grad-CAM 0 of 2." in text
    assert (
        "an accuracy of 0.80; random masks of its volume leave 0.61 (p = 0.040) and its complement "
        "0.62, so the mask holds more"
    ) in text


def test_near_chance_answer_stops_before_the_maps(tmp_path):
    context = full_context(tmp_path) | {"accuracy": accuracy(evidence=False)}
    text = answer(context)
    assert "maps are no evidence" in text
    assert "planted regions" not in text
    assert notices(context)[0].level == "stop"


def test_a_complement_as_good_as_the_mask_says_the_mask_is_not_all(tmp_path):
    context = full_context(tmp_path)
    complement = context["masked_accuracy"]["control"] == "complement"
    context["masked_accuracy"].loc[complement, "accuracy_mean"] = 0.85
    assert "its complement 0.85, so the mask does not hold all" in answer(context)


def test_overall_localisation_is_corrected_for_the_methods(tmp_path):
    context = full_context(tmp_path)
    context["localisation"] = context["localisation"].assign(p_auc=[0.03, 0.4])
    assert "No method found the planted regions" in answer(context)  # 2 * .03


def test_near_chance_is_said_at_the_head_of_each_section_of_maps(tmp_path):
    text = build(full_context(tmp_path) | {"accuracy": accuracy(evidence=False)})
    assert text.count("The network is near chance; these maps are no evidence.") == 3


def test_a_run_without_meaningful_perturbations_does_not_speak_of_them(tmp_path):
    context = full_context(tmp_path)
    context["config"] = config(
        attribution__methods=["grad_cam"], attribution__meaningful_perturbation=None
    )
    assert "family-wise" not in answer(context)
    reduced = [n.text for n in notices(context) if n.text.startswith("Smaller")]
    assert len(reduced) == 1
    assert "perturbation" not in reduced[0]


def test_head_size_measured_on_the_images_is_called_so(tmp_path):
    context = full_context(tmp_path)
    context["participants"] = context["participants"].assign(tiv=np.nan)
    assert "Brain volume in the images alone gave 0.61" in answer(context)
    assert any(n.text.startswith("No head size is given") for n in notices(context))
    text = build(context)
    assert "Brain volume in the images</" in text
    assert "Head size alone" not in text
    given = full_context(tmp_path) | {"config": config(cohort__layout="table")}
    assert "Head size alone gave 0.61" in answer(given)
    assert not any(n.text.startswith("No head size is given") for n in notices(given))


def test_grey_matter_maps_are_not_called_t1(tmp_path):
    context = full_context(tmp_path) | {"config": config(cohort__contrast="grey_matter")}
    text = build(context)
    assert "T1-weighted images" not in text
    assert "modulated grey-matter maps in MNI152 space" in text
    assert any("not T1-weighted" in notice.text for notice in notices(context))


def test_table_1_names_the_runs_own_folds(tmp_path):
    text = build(full_context(tmp_path) | {"config": config(folds__n_splits=5)})
    assert "nested 5-fold cross-validation" in text


def test_atlases_without_a_counterpart_get_no_table_of_the_paper(tmp_path):
    context = full_context(tmp_path)
    assert "table-2-brainnetome-paper" in build(context)
    context["table2"] = {"aal": context["table2"]["brainnetome"]}
    text = build(context)
    assert "table-2-aal" in text
    assert "table-2-aal-paper" not in text


NEGATIVE, POSITIVE = class_names(config())


def people_of(families, ages=(30.0, 31.0, 30.0, 31.0)):
    return pd.DataFrame(
        {
            "family_id": pd.array(families, dtype="string"),
            "class_name": np.repeat([NEGATIVE, POSITIVE], 2),
            "age": ages,
            "tiv": 1400.0,
        }
    )


@pytest.mark.parametrize(
    ("changes", "people", "words"),
    [
        ({"attribution__model": "all"}, None, "In-sample"),
        ({"cohort__space": "native"}, None, "not registered to MNI152"),
        (
            {"cohort__space": "native", "registration__method": "antspy"},
            None,
            "own space into MNI152NLin2009aSym by an affine of ANTsPy each",
        ),
        ({"cohort__layout": "table"}, people_of([pd.NA] * 4), "Families are not controlled"),
        ({"cohort__synthetic__null_cohort": True}, None, "no effect planted"),
        (
            {"cohort__layout": "table"},
            people_of(["f1"] * 4, (30.0, 31.0, 35.0, 36.0)),
            f"{class_names(config())[1]} are older by 7.07",
        ),
        (
            {"cohort__layout": "table"},
            people_of(["f1"] * 4, (35.0, 36.0, 30.0, 31.0)),
            f"{class_names(config())[0]} are older by 7.07",
        ),
        ({}, None, "grid 30×36×30 instead of 58×70×58"),
    ],
)
def test_notices(changes, people, words):
    context = {"config": config(**changes)}
    if people is not None:
        context["participants"] = people
    assert any(words in notice.text for notice in notices(context))


def test_known_families_and_full_size_raise_no_warning():
    settings = config(
        volumes__shape=[58, 70, 58],
        cnn__channels=[32, 64, 128],
        attribution__meaningful_perturbation__draws=10,
        attribution__meaningful_perturbation__iterations=300,
    )
    people = people_of(["f1", "f1", "f2", "f2"])
    texts = [n.text for n in notices({"config": settings, "participants": people})]
    assert not any(word in text for text in texts for word in ("Famil", "Smaller", "Age"))


def test_methods_follow_the_configuration():
    text = build({"run": "x", "config": config(cnn__average_last=5)})
    assert "the mean of the last 5 epochs" in text
    assert "60 iterations of Adam (learning rate 0.3) with 2 shifts" in text


def test_methods_do_not_call_a_users_network_the_papers():
    own = config(cnn__network="nets.py:ResNet", cnn__network_settings={"width": 8})
    text = build({"run": "x", "config": own})
    assert "nets.py:ResNet (width 8), given by the user in place of the paper&#39;s" in text
    assert "blocks of 3×3×3" not in text
    assert "blocks of 3×3×3" in build({"run": "x", "config": config()})


@pytest.mark.parametrize(
    ("value", "column", "shown"),
    [
        (0.0004, "p_null", "< 0.001"),
        (0.04567, "q_fdr", "0.046"),
        (0.88123, "accuracy", "0.881"),
        (12.0, "n", "12"),
        (1450.4, "tiv", "1,450"),
        (0.00123, "score", "0.0012"),
        (float("nan"), "auc", "–"),
    ],
)
def test_number(value, column, shown):
    assert number(value, column) == shown


def test_cells_sort_by_value_and_spell_names_out():
    assert cell("grad_cam", "method_a").text == "Grad-CAM"
    assert cell(np.bool_(True), "evidence").text == "yes"
    assert cell(None, "age") == cell(float("nan"), "age") == cell(pd.NA, "age")
    assert float(cell(np.float64(0.1234567), "auc").key) == 0.1234567
    assert cell(5000.0, "seconds_per_map").text == "1.4 h"
    assert duration(90) == "1.5 min"


def test_the_methods_text_tells_what_differs_from_the_paper():
    settings = config()
    plain = " ".join(methods.methods(settings, 20))
    assert "Gaussian blur of sigma 5 (image) and 1 (mask) voxels" in plain
    assert "(one for all axes) each" in plain
    assert "hinge" not in plain
    assert "at thresholds 0.65 (Grad-CAM). Spatial" in plain  # of methods that were run
    assert "PyTorch" not in plain
    versions = {"voxplain": "1.0", "torch": "2.13", "python": "3.11", "cores": "2"}
    made = methods.methods(settings, 20, versions)[-1]
    assert made == "All was computed by voxplain 1.0 (PyTorch 2.13, Python 3.11), seed 42."
    settings["attribution"]["meaningful_perturbation"] |= {
        **{"blur": "box", "jitter_axes": "independent", "hinge": 0.05, "ramp": 60},
        **{"amsgrad": True, "decay_every": 30, "early_stopping": True},
    }
    code = " ".join(methods.methods(settings, 20))
    assert "a mean over 5 voxels along each axis" in code
    assert "(one per axis) each" in code
    assert code.count("; a hinge at probability 0.05; lambdas rising over 60 iterations;") == 1
    assert "AMSGrad; learning rate to a tenth every 30 iterations; converged" in code
