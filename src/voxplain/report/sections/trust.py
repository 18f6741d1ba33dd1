"""Sections of the report on whether the maps can be trusted."""

from voxplain.evaluation.trust.sanity_and_stability import SANE_BELOW, sanity
from voxplain.names import method_name
from voxplain.report.blocks import Block, Note, Text, counted, on_request, picture
from voxplain.report.results import RunResults
from voxplain.report.sections.maps import caveat
from voxplain.report.tables import table

# In these rows the null distribution is that of permuted labels, not of smooth random maps.
PERMUTED = {
    "null_mean": "permuted labels: mean",
    "null_p95": "permuted labels: 95th percentile",
    "p_null": "p (permuted labels)",
}
# What the literature found for each method: Adebayo et al. 2018, Table 1 and section 4.
EXPECTED = {
    "guided_backprop": "fails",
    "grad_cam": "passes",
    "input_gradient": "passes",
    "edges": "fails",
}


def faithfulness(results: RunResults) -> list[Block]:
    """Show deletion and insertion curves with random orders and control maps."""
    scores = results.faithfulness
    if scores is None:
        return [Note("Deletion and insertion were not tested in this run.")]
    return [
        Text(
            "The brain's voxels are deleted, or inserted into a brain without detail, in the order "
            "of a map. If the map is faithful, the target's probability falls fast on deletion and "
            "rises fast on insertion. Random orders are as smooth as the participants' maps "
            "(median of each fold; maps smoother than any noise are counted and excluded). Control "
            "maps do not depend on the network (image edges, group difference) or are its plain "
            "gradient."
        ),
        picture(
            results,
            "faithfulness",
            "Deletion and insertion. Thin lines: random orders as smooth as the participants' maps "
            "by the method of that colour.",
            "Probability of the target against the share of the brain deleted or inserted",
            n=counted(scores["participants"]),
        ),
        table(
            scores,
            "table-faithfulness",
            "Area under the curves, and the gain over random orders (95 % interval and p from the "
            "variation among random orders).",
            "tables/faithfulness.tsv",
        ),
    ]


def robustness(results: RunResults) -> list[Block]:
    """Show how maps change when the network is randomised, retrained or slightly changed."""
    scores = results.robustness
    if scores is None:
        return [Note("Sanity and stability were not tested in this run.")]
    verdicts = sanity(scores)
    verdicts["literature"] = verdicts["method"].map(EXPECTED).fillna("not known")
    fold = results.config["evaluation"]["robustness"]["fold"]
    return [
        Text(
            "Left of the line are networks that have learnt nothing: weights randomised layer by "
            "layer from the output down, and training on shuffled labels. A map that stays the "
            "same shows the image and not what was learnt, as an edge detector does. Right of the "
            "line are networks that should give the same maps: slight noise on the weights, "
            "dropout left on, training from another seed. Random weights, noise and dropout are "
            "drawn anew for each participant; shuffled labels and other seeds have one network for "
            "all. The similarity of two participants' maps is shown for comparison."
        ),
        picture(
            results,
            "robustness",
            f"Similarity of maps, participants of fold {fold}: mean and 95 % interval.",
            "Spearman correlation with the unchanged network's maps for each change",
            n=counted(scores["participants"]),
        ),
        table(
            verdicts,
            "table-sanity",
            "Sanity check: Spearman's rho with the unchanged network's maps after randomising the "
            "weights (from the output down to the layer named; the one whose 95 % interval reaches "
            f"highest) and after training on shuffled labels. A method passes if every interval is "
            f"below {SANE_BELOW:g}, fails if one is above, and is undecided if one includes it; "
            "maps that are zero everywhere decide nothing. Literature: Adebayo et al. 2018.",
        ),
        picture(
            results,
            "stability",
            "Correlation of the conjoined maps of different folds' networks inside the brain. The "
            "networks share most of their training participants; their maps are of different "
            "participants. Colours run from -1 to 1; grey: the map is zero everywhere.",
            "Matrices of correlations between the folds' maps, one per method",
        ),
        table(
            scores,
            "table-robustness",
            "Similarity of the maps of changed networks to those of the unchanged one, mean over "
            "participants, with the 95 % interval of rho. Lag: 95 % interval of how far rho is "
            "below that of Meaningful Perturbations, if each participant has its own random draw.",
            "tables/robustness.tsv",
        ),
    ]


def properties(results: RunResults) -> list[Block]:
    """Show in numbers what the paper says about its maps in words."""
    scores = results.map_properties
    if scores is None:
        return [Note("Sparsity and alignment with tissue were not computed in this run.")]
    scores = scores.set_index("property").reset_index()  # the property is the first column
    indices = scores[scores["property"] != "class difference"].dropna(axis=1, how="all")
    if "rival" in indices:
        rivals = indices["rival"].map(method_name, na_action="ignore")
        indices = indices.assign(rival=rivals)
    classes = scores[scores["property"] == "class difference"].dropna(axis=1, how="all")
    return [
        *caveat(results),
        table(
            indices,
            "table-properties",
            "Sparsity (Gini and Hoyer: 0 for a flat map) and rank correlation of the map's edges "
            "with those of the mean image; agreement of the folds' mean maps (ICC: two-way, "
            "consistency, single map). Intervals over folds; p (highest): the method exceeds every "
            "other (over folds).",
            "tables/map_properties.tsv",
        ),
        table(
            classes,
            "table-class-difference",
            "Difference of the two classes' mean maps, "
            + (
                "compared with permuted labels; all maps explain the output of one class."
                if "p_null" in classes
                else "without a test: each map explains the output of its participant's class, so "
                "the maps of the classes would differ even if the participants did not."
            ),
            "tables/map_properties.tsv",
            labels=PERMUTED,
        ),
    ]


def paper_maps(results: RunResults) -> list[Block]:
    """Show what the paper's way of making maps changes: one network, Grad-CAM stretched."""
    rows = results.paper_maps
    if rows is None:
        missing = (
            "Maps of one network trained on all participants, and of Grad-CAM with the paper's "
            "upsampling, were not compared with these maps"
        )
        return [on_request(results, "paper_maps", missing)]
    return [
        table(
            rows,
            "table-paper-maps",
            "Group maps made in another way compared with this run's: rank correlation in the "
            "brain, the same with smooth random maps in place of the other map, and the area under "
            "the ROC curve of both if the truth is known. A network trained on all participants "
            "explains participants that it was trained on.",
            "tables/paper_maps.tsv",
        )
    ]
