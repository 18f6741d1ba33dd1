import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from support.page_context import Page, accuracy, bare_results, config, full_results
from voxplain.report import captions, render_report
from voxplain.report.answer import answer
from voxplain.report.blocks import protocol_name
from voxplain.report.notices import notices
from voxplain.report.sections.prediction import prediction
from voxplain.run.config import DEFAULTS, project_folder, read_config


def test_full_page_is_whole_self_contained_and_escaped(tmp_path):
    text = render_report(full_results(tmp_path))
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
    assert "label in the atlas" in five
    assert "(n = 2; default protocol, 10-fold, seed 42.)" in text
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


def test_captions_say_what_their_figures_rest_on(tmp_path):
    results = full_results(tmp_path)
    png = results.figures["fig1"]
    png.with_suffix(".tsv").write_text("participant_id\tmethod\na_1\tx\na_1\ty\n")
    more = ("subjects", "head_size", "faithfulness", "robustness", "runtime", "ablation", "truth")
    results.config["evaluation"] |= {
        "robustness": {"fold": "01"},
        "truth": {"n_subjects": [40, 80], "n_splits": 5},
    }
    people = pd.DataFrame({"method": ["edges", "grad_cam"], "participants": [40, 40]})
    changes = pd.DataFrame({"kind": ["randomised", "shuffled"], "level": ["linear", "labels"]})
    changes = changes.assign(
        method="grad_cam", spearman=0.5, ci_low=0.4, ci_high=0.6, participants=[5, 6]
    )
    knobs = pd.DataFrame({"knob": ["beta"], "value": 7.0, "own": True, "paper": True})
    sizes = pd.DataFrame({"model": ["cnn"], "n_pairs": 38, "caliper_ml": 1.0})
    results = replace(
        results,
        figures=results.figures | dict.fromkeys(more, png),
        faithfulness=people,
        robustness=changes,
        ablation=knobs.assign(participants=4, fall=0.5, drop=0.5, behind=0.0, behind_se=0.1),
        head_size=sizes.assign(d_all=0.1, d_matched=0.0, accuracy=0.9),
        truth=pd.DataFrame({"auc": [1.0]}),
    )
    texts = captions(results)
    numbers = {name: re.findall(r"\(n = (.*?);", text) for name, text in texts.items()}
    expected = {
        "fig2a": "2",
        "subjects": "1 of 2",
        "convergence": "8 maps",
        "runtime": "8 maps of each method",
        "head_size": "2, and 38 pairs",
        "faithfulness": "40",
        "robustness": "5 to 6",
        "ablation": "4",
        "truth": "40, 80",
    }
    assert {name: numbers[name] for name in expected} == {n: [v] for n, v in expected.items()}
    assert "default protocol, 5-fold, seed 42" in texts["truth"]
    assert "10-fold" in texts["fig2a"]


def test_page_without_any_result_says_so_in_words(tmp_path):
    text = render_report(bare_results())
    page = Page(text)
    assert page.images == 0
    assert "no predictions of the network" in text
    assert "has no morphometry" in text
    assert "XGBoost, morphometry 0.89 ± 0.02" in text
    assert "no atlas is configured" in text
    assert set(page.anchors) <= set(page.ids)


def test_regions_beyond_the_null_are_compared_with_what_was_planted(tmp_path):
    results = full_results(tmp_path)
    regions = results.table2["brainnetome"]
    shares = np.tile([0.0, 0.09, 0.1, 0.5], len(regions) // 4)
    results = replace(results, table2={"brainnetome": regions.assign(planted=shares)})
    assert "8 of 8 in brainnetome (in 4 of these an effect was planted" in answer(results)


def test_native_space_explains_missing_regions():
    text = render_report(bare_results(config=config(cohort__space="native")))
    assert "the images are in native space and the atlases in MNI152" in text


def test_answer_of_a_good_network(tmp_path):
    text = answer(full_results(tmp_path))
    assert "accuracy of 0.90 (95 % CI 0.81 to 0.95)" in text
    assert "Head size alone reaches 0.61" in text
    assert "better than smooth random maps: Meaningful Perturbations (Holm" in text
    assert "exceed smooth random maps (family-wise p < 0.05): 8 of 8 in brainnetome" in text
    # Holm over two regions: .04 and .04 (2 * .02, 1 * .03); .06 and .06 (2 * .03)
    assert "Meaningful Perturbations 2 of 2, Grad-CAM 0 of 2." in text
    numbers = "0.91 on unmasked images, 0.80 inside the conjoined mask, 0.61 inside random masks"
    assert numbers in text
    assert "(p = 0.040) and 0.62 outside the mask" in text
    assert "so whether the mask holds all that the network needs is undecided." in text


def test_answer_names_the_best_model_without_a_network_also_one_without_head_size(tmp_path):
    results = full_results(tmp_path)
    residual = {"model": ["cnn", "voxel_svm_tiv_residual"], "accuracy": [0.9, 0.81]}
    text = answer(replace(results, head_size=pd.DataFrame(residual)))
    assert "is Linear SVM on voxels, adjusted for head size (0.81)." in text


def test_answer_says_whether_the_maps_can_be_trusted(tmp_path):
    """Deletion by the brain's mean, as Meaningful Perturbations optimise deletion by blur."""
    methods = ["meaningful_perturbation", "grad_cam", "edges"]
    deletion = pd.DataFrame({"method": methods, "gain": 0.3, "p": [0.001, 0.4, 0.001]})
    blurred = deletion.assign(test="deletion", fill="blur", p=0.001)
    deletion = pd.concat([deletion.assign(test="deletion", fill="mean"), blurred])
    rows = [
        {"method": method, "kind": kind, "level": "linear", "spearman": rho, "participants": 5}
        for method, rho in zip(methods, (0.1, 0.9, 1.0), strict=True)
        for kind in ("randomised", "shuffled")
    ]
    scores = pd.DataFrame(rows)
    scores = scores.assign(ci_low=scores["spearman"] - 0.05, ci_high=scores["spearman"] + 0.05)
    text = answer(full_results(tmp_path, faithfulness=deletion, robustness=scores))
    assert "random orders for Meaningful Perturbations (Holm" in text
    assert "Sanity check on 5 participants of one fold" in text
    assert text.endswith("randomised): Meaningful Perturbations passes, Grad-CAM fails.")


def test_near_chance_answer_stops_before_the_maps(tmp_path):
    results = full_results(tmp_path, accuracy=accuracy(evidence=False))
    text = answer(results)
    assert "maps are no evidence" in text
    assert "planted regions" not in text
    assert notices(results)[0].level == "stop"


def test_what_is_left_in_the_complement_says_whether_the_mask_is_all(tmp_path):
    results = full_results(tmp_path)
    masked = results.masked_accuracy.assign(accuracy_sd=0.02)  # half of the interval is .021
    for accuracy_mean, words in (
        (0.52, "holds all that the network needs."),
        (0.56, "holds all that the network needs is undecided."),
    ):
        masked.loc[masked["control"] == "complement", "accuracy_mean"] = accuracy_mean
        text = answer(replace(results, masked_accuracy=masked))
        assert f"the mask {words}" in text


def test_overall_localisation_is_corrected_for_the_methods(tmp_path):
    results = full_results(tmp_path)
    results = replace(results, localisation=results.localisation.assign(p_auc=[0.03, 0.4]))
    assert "No method finds the planted regions" in answer(results)  # 2 * .03


def test_near_chance_is_said_at_the_head_of_each_section_of_maps(tmp_path):
    text = render_report(full_results(tmp_path, accuracy=accuracy(evidence=False)))
    assert text.count("The network is near chance; these maps are no evidence.") == 3


def test_a_run_without_meaningful_perturbations_does_not_speak_of_them(tmp_path):
    settings = config(attribution__methods=["grad_cam"], attribution__meaningful_perturbation=None)
    results = full_results(tmp_path, config=settings)
    assert "family-wise" not in answer(results)
    reduced = [n.text for n in notices(results) if n.text.startswith("Smaller")]
    assert len(reduced) == 1
    assert "perturbation" not in reduced[0]


def test_head_size_measured_on_the_images_is_called_so(tmp_path):
    results = full_results(tmp_path)
    results = replace(results, participants=results.participants.assign(tiv=np.nan))
    assert "Brain volume in the images alone reaches 0.61" in answer(results)
    assert any(n.text.startswith("No head size is given") for n in notices(results))
    text = render_report(results)
    assert "Brain volume in the images</" in text
    assert "Head size alone" not in text
    results = full_results(tmp_path, config=config(cohort__layout="table"))
    assert "Head size alone reaches 0.61" in answer(results)
    assert not any(n.text.startswith("No head size is given") for n in notices(results))


def test_grey_matter_maps_are_not_called_t1(tmp_path):
    results = full_results(tmp_path, config=config(cohort__contrast="grey_matter"))
    text = render_report(results)
    assert "T1-weighted images" not in text
    assert "modulated grey-matter maps in MNI152 space" in text
    assert any("not T1-weighted" in notice.text for notice in notices(results))


def test_table_1_names_the_runs_own_folds(tmp_path):
    text = render_report(full_results(tmp_path, config=config(folds__n_splits=5)))
    assert "nested 5-fold cross-validation" in text


def test_atlases_without_a_counterpart_get_no_table_of_the_paper(tmp_path):
    results = full_results(tmp_path)
    assert "table-2-brainnetome-paper" in render_report(results)
    results = replace(results, table2={"aal": results.table2["brainnetome"]})
    text = render_report(results)
    assert "table-2-aal" in text
    assert "table-2-aal-paper" not in text


@pytest.mark.parametrize(
    ("layers", "name"),
    [
        ([], "default protocol"),
        (["kan2020.yaml", "kan2020_demo.yaml"], "kan2020 protocol"),
        (["kan2020.yaml", "hcp.yaml"], "kan2020 protocol"),
        (["ixi.yaml"], "default protocol"),
    ],
)
def test_captions_name_the_protocol(layers, name):
    folder = project_folder()
    presets = [folder / "workflow" / "presets" / layer for layer in layers]
    merged = read_config([folder / DEFAULTS, *presets])
    assert protocol_name(merged) == name
    merged["attribution"]["model"] = {"all": "fold", "fold": "all"}[merged["attribution"]["model"]]
    assert protocol_name(merged) == "mixed protocol"


def test_commands_are_set_as_code_and_everything_else_is_escaped():
    (note,) = (b for b in prediction(bare_results()) if "learning" in getattr(b, "text", ""))
    assert "`snakemake learning`" in note.text
    text = render_report(bare_results())
    assert "<code>snakemake learning</code>." in text
    assert "`" not in text.partition("<main>")[2].partition("</main>")[0]
    people = pd.DataFrame({"participant_id": ["sub-<1>"], "class_name": "cats", "family_id": None})
    page = render_report(bare_results(participants=people.assign(age=30.0, tiv=1.0)))
    assert "<code>snakemake &#39;results/tiny/participants/sub-&lt;1&gt;.html&#39;</code>" in page


def test_the_hint_to_the_papers_protocol_names_files_that_exist(tmp_path):
    results = full_results(tmp_path)
    text = render_report(results)
    demo = "kan2020.yaml workflow/presets/kan2020_demo.yaml --config run=tiny_kan2020</code>"
    assert demo in text
    assert "YOUR_COHORT" not in text
    page = render_report(replace(results, config=config(cohort__layout="table")))
    assert "kan2020.yaml YOUR_COHORT.yaml --config run=tiny_kan2020</code>" in page


def test_the_page_of_every_image_is_a_link_and_ages_have_a_unit(tmp_path):
    text = render_report(full_results(tmp_path))
    assert '<a href="quality.html">quality.html</a> shows all of them' in text
    assert "age, years, mean" in text
