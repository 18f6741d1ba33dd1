"""The report's sections on explanation: maps, masks, regions, overlap, truth, first layer."""

from pathlib import Path

import pandas as pd

from voxplain import paper
from voxplain.claims.first_layer import first_layer_counts
from voxplain.claims.overlap import disjoint_masks
from voxplain.claims.prediction import cnn_is_evidence
from voxplain.names import method_name
from voxplain.report.answer import class_names, null_cohort
from voxplain.report.blocks import Block, Note, Text, counted, picture
from voxplain.report.results import RunResults
from voxplain.report.tables import table
from voxplain.run.files import read_table
from voxplain.run.paths import WHOLE_COHORT


def caveat(results: RunResults) -> list[Block]:
    """Warn at the head of a section that its maps are those of a network near chance."""
    accuracy = results.accuracy
    if accuracy is None or cnn_is_evidence(accuracy):
        return []
    return [Note("The network is near chance; these maps are no evidence.")]


def maps(results: RunResults) -> list[Block]:
    """Show the group maps of the three methods (Fig. 2)."""
    names = {"a": "meaningful_perturbation", "b": "guided_backprop", "c": "grad_cam"}
    blocks: list[Block] = [
        *caveat(results),
        Text(
            "Group maps on the cohort's mean image. The cuts go through the peak inside the brain; "
            "coordinates are in mm, L is the participant's left. Colours start at a fifth of the "
            "maximum (white line on the colour bar); an outline marks the paper's threshold."
        ),
    ]
    viewer = results.viewer
    blocks.append(Note("There is no viewer on this page.") if viewer is None else viewer)
    blocks += [
        picture(
            results,
            f"fig2{letter}",
            f"Figure 2{letter}. {method_name(method)}: conjoined map (large) and the mean map of "
            "each class (small).",
            f"Three orthogonal cuts through the {method_name(method)} map on the mean brain",
        )
        for letter, method in names.items()
    ]
    blocks += [
        picture(
            results,
            "projections",
            "The whole conjoined maps: maximum projections through a glass brain, and on the "
            "inflated cortex (fsaverage5). Values below a fifth of the maximum are not drawn.",
            "Glass-brain projections and cortical surfaces of each method's conjoined map",
        ),
        picture(
            results,
            "subjects",
            "Maps of single participants: the first held-out ones of each class, an axial cut at "
            "the height of each method's peak. Each map is scaled to its own maximum; values below "
            "a fifth of it are not drawn, and a panel with nothing to draw says so.",
            "Axial slices of six participants' maps, one row per method",
            n=_drawn_participants(results),
        ),
    ]
    if "meaningful_perturbation" in results.config["attribution"]["methods"]:
        blocks.append(
            picture(
                results,
                "convergence",
                "Meaningful Perturbations over the iterations. Thin lines are folds. A map counts "
                "as converged if the mean loss of the last tenth of its iterations is within 0.01 "
                "of that of the tenth before.",
                "Loss, probability of the target and replaced share of the image over iterations",
                n=_maps_of(results.runtime, "meaningful_perturbation"),
            )
        )
    degenerate = results.degenerate
    if degenerate is not None:
        totals = degenerate.groupby("method", sort=False)[["n_maps", "n_degenerate"]].sum()
        blocks.append(
            table(
                totals.reset_index(),
                "table-degenerate",
                "Maps that are zero everywhere.",
            )
        )
    return blocks


def _drawn_participants(results: RunResults) -> str | None:
    """Count the participants in the figure, by its data."""
    path = results.figures.get("subjects")
    if path is None:
        return None
    shown = read_table(Path(path).with_suffix(".tsv"))["participant_id"].nunique()
    return str(shown) if results.participants is None else f"{shown} of {len(results.participants)}"


def _maps_of(runtime: pd.DataFrame | None, method: str) -> str | None:
    if runtime is None:
        return None
    return f"{counted(runtime.loc[runtime['method'] == method, 'maps'])} maps"


def masked(results: RunResults) -> list[Block]:
    """Show the accuracy on masked images with its controls (section 4.3)."""
    accuracies = results.masked_accuracy
    if accuracies is None:
        return [Note("The accuracy on masked images was not computed in this run.")]
    return [
        Text(
            "Test images are multiplied by a group mask. The accuracy on them has to be compared "
            "with controls: random masks with the same values and smoothness, the complement of "
            "the mask, and the whole brain."
        ),
        picture(
            results,
            "masked_accuracy",
            "Masked accuracy, mean and standard deviation over folds, with controls.",
            "Accuracy on masked images, with random masks and complements, for each method",
        ),
        table(
            _by_control(accuracies),
            "table-masked",
            "Accuracy on masked images, mean over folds (section 4.3 of the paper).",
            "tables/masked_accuracy.tsv",
        ),
    ]


def _by_control(accuracies: pd.DataFrame) -> pd.DataFrame:
    """Put the controls into columns: one row per method and mask."""
    means = accuracies.pivot_table("accuracy_mean", ["method", "mask"], "control", sort=False)
    whole = means.groupby("method")[["brain", "none"]].max()
    rows = accuracies[accuracies["control"] == "mask"]
    keys = pd.MultiIndex.from_frame(rows[["method", "mask"]])
    return pd.DataFrame(
        {
            "method": rows["method"].to_numpy(),
            "mask": rows["mask"].to_numpy(),
            "accuracy_mean": rows["accuracy_mean"].to_numpy(),
            "accuracy_sd": rows["accuracy_sd"].to_numpy(),
            "random_mean": rows["random_mean"].to_numpy(),
            "random_p95": rows["random_p95"].to_numpy(),
            "p_random": rows["p_random"].to_numpy(),
            "complement": means.loc[keys, "complement"].to_numpy(),
            "whole brain": whole.loc[rows["method"], "brain"].to_numpy(),
            "unmasked image": whole.loc[rows["method"], "none"].to_numpy(),
            "paper_mean": rows["paper_mean"].to_numpy(),
            "paper_sd": rows["paper_sd"].to_numpy(),
        }
    )


def overlap(results: RunResults) -> list[Block]:
    """Show how far the methods agree (Table 3)."""
    table3 = results.table3
    if table3 is None:
        return [Note("Table 3: the methods were not compared in this run.")]
    return [
        *caveat(results),
        Text(
            'The paper\'s "DICE" is the share of voxels of the whole box on which two binary masks '
            "agree. Empty background counts as agreement, so it is high even for masks that share "
            "no voxel; its chance level is the agreement of independent masks of the same sizes. "
            "The table also gives the true Dice inside the brain and its chance levels. Dice is "
            "undefined if a mask is empty."
        ),
        picture(
            results,
            "table3",
            "Overlap of the three methods' masks. Empty masks are labelled.",
            "Agreement and Dice for each pair of methods, with chance levels",
        ),
        Text(_disjoint()),
        table(
            table3,
            "table-3",
            "Table 3. Overlap between the methods' masks.",
            "tables/table3.tsv",
        ),
        picture(
            results,
            "agreement",
            "Dice at equal area for a range of areas: group maps in the whole brain, group maps "
            "with equal areas within each axial slice, and participants' maps (mean).",
            "Dice of each pair of methods against area, with the band of smooth random maps",
        ),
        *_sweep(results.agreement),
    ]


def _disjoint() -> str:
    """Say which disjoint masks have the numbers of the paper's Table 3."""
    numbers, masks, _ = disjoint_masks()
    return (
        f"Three masks that share no voxel at all also reach the paper's {numbers}, if they fill "
        f"these parts of the box: {masks}."
    )


def _sweep(agreement: pd.DataFrame | None) -> list[Block]:
    if agreement is None:
        return []
    return [
        table(
            agreement,
            "table-agreement",
            "Agreement over areas. For participants: 95 % interval over folds, Dice with another "
            "participant's map, and p of the excess over smooth random maps (jackknife over "
            "folds). Group maps are also compared with the control maps: if a method agrees with "
            "the image's edges or the plain gradient as much as with another method, that "
            "agreement means nothing more.",
            "tables/agreement.tsv",
            folded=True,
        )
    ]


def localisation(results: RunResults) -> list[Block]:
    """Show how well the maps find planted regions."""
    scores = results.localisation
    if scores is None:
        return [
            Note(
                "No effect was planted in this cohort, so there is no truth to find."
                if null_cohort(results.config)
                else "In this cohort the true place of the difference is unknown, so the maps "
                "cannot be compared with it. The synthetic cohort allows that."
            )
        ]
    blocks: list[Block] = [
        picture(
            results,
            "localisation",
            "How well the conjoined maps find the planted voxels, inside the brain.",
            "Area under the ROC curve of each method, with random maps",
        ),
        table(
            scores,
            "table-localisation",
            "Localisation of the planted regions by the group maps, with smooth random maps for "
            "comparison. Pointing game: share of the participants' maps with their highest voxel "
            "in a planted region, 95 % interval over folds; its chance level is that of the peak.",
            "tables/localisation.tsv",
        ),
    ]
    controls = results.localisation_controls
    if controls is not None:
        blocks.append(
            table(
                controls,
                "table-localisation-controls",
                "The same for control maps, which a method has to exceed: the network's plain "
                "gradient, the images' edges, and |t| between the classes in the training "
                "participants.",
                "tables/localisation_controls.tsv",
            )
        )
    by_region = results.localisation_regions
    if by_region is not None:
        columns = ["method", "region", "n_truth", "auc", "null_auc_p95", "p_auc", "peak_inside"]
        blocks.append(
            table(
                by_region[columns],
                "table-localisation-regions",
                "Localisation of each planted region, without the voxels of the others.",
                "tables/localisation_regions.tsv",
            )
        )
    return blocks


def first_layer(results: RunResults) -> list[Block]:
    """Show the first hidden layer (appendix A, Fig. 3)."""
    tests = results.first_layer
    blocks: list[Block] = [
        picture(
            results,
            "fig3",
            "Figure 3. Mean activation and entropy of each first-layer feature by class, with "
            "95 % intervals, in the network trained on all participants (in-sample as in the "
            "paper, so the marks of significance are not valid).",
            "Bars of mean and entropy per feature for both classes",
        )
    ]
    if tests is None:
        return [*blocks, Note("The first layer's features were not tested in this run.")]
    names = class_names(results.config)
    return [
        *blocks,
        table(
            first_layer_counts(tests, names),
            "table-first-layer",
            "Features that differ between the classes (Holm). In the paper, the mean activation "
            f"of {paper.FIRST_LAYER_DIFFERENT} of {paper.FIRST_LAYER_FEATURES} features differs: "
            f"{paper.FIRST_LAYER_LARGER_NEGATIVE} are larger in the paper's women and "
            f"{paper.FIRST_LAYER_LARGER_POSITIVE} in the paper's men. Fold {WHOLE_COHORT}: "
            "in-sample as in the paper, so the test is not valid. Authors' scale: entropy as in "
            "their code, with histograms up to the highest value of a batch of one class, so the "
            "classes differ by how they are batched.",
            "tables/first_layer.tsv",
            labels={
                "negative": f"larger in {names[0]}",
                "positive": f"larger in {names[1]}",
                "adjusted": "different, adjusted for head size",
            },
        ),
    ]
