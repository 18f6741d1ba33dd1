"""Sections of the report on whether the maps can be believed."""

from voxplain.evaluation.trust.sanity_and_stability import SANE_BELOW, sanity
from voxplain.names import method_name
from voxplain.report.blocks import Note, Text, command, counted, picture
from voxplain.report.results import RunResults
from voxplain.report.sections.maps import caveat
from voxplain.report.sections.resampling import PERMUTED_LABELS
from voxplain.report.tables import table

# What the literature found for each method: Adebayo et al. 2018, Table 1 and section 4.
EXPECTED = {
    **{"guided_backprop": "fails", "grad_cam": "passes"},
    **{"input_gradient": "passes", "edges": "fails"},
}


def faithfulness(results: RunResults) -> list:
    """Show deletion and insertion curves beside random orders and control maps."""
    scores = results.faithfulness
    if scores is None:
        return [Note("Deletion and insertion were not tested in this run.")]
    return [
        Text(
            "The brain's voxels are deleted, or inserted into a brain without detail, in the order "
            "of a map. A faithful map makes the target's probability fall fast and rise fast. "
            "Random orders are as smooth as the participants' own maps (median of each fold's; a "
            "map smoother than noise can be is counted and left out); the controls know nothing "
            "of the network (image edges, group difference) or are its plain gradient."
        ),
        picture(
            results,
            "faithfulness",
            "Deletion and insertion. Thin lines: random orders as smooth as the participants' own "
            "maps by the method in that colour.",
            "Probability of the target against the share of the brain deleted or inserted",
            n=counted(scores["participants"]),
        ),
        table(
            scores,
            "table-faithfulness",
            "Area under the curves, and the gain over random orders (95 % interval and p by how "
            "much random orders differ among themselves).",
            "tables/faithfulness.tsv",
        ),
    ]


def robustness(results: RunResults) -> list:
    """Show what maps do when the network is randomised, retrained or hardly changed."""
    scores = results.robustness
    if scores is None:
        return [Note("Sanity and stability were not tested in this run.")]
    verdicts = sanity(scores)
    verdicts["literature"] = verdicts["method"].map(EXPECTED).fillna("not known")
    fold = results.config["evaluation"]["robustness"]["fold"]
    return [
        Text(
            "Left of the line, networks that have learnt nothing: weights drawn anew layer by "
            "layer from the output down, and labels shuffled in training. A map that stays the "
            "same shows the image, not what was learnt, as the edge detector does. Right of it, "
            "networks that should tell the same: a little noise on the weights, dropout left on, "
            "training from another seed. "
            "Each participant has draws of its own of what is drawn; shuffled labels and other "
            "seeds have one network for all. "
            "The likeness of two participants' maps says what such numbers mean."
        ),
        picture(
            results,
            "robustness",
            f"Likeness of maps, participants of fold {fold}: mean and 95 % interval.",
            "Spearman correlation with the intact network's maps for each change of the network",
            n=counted(scores["participants"]),
        ),
        table(
            verdicts,
            "table-sanity",
            "Sanity: Spearman's rho of those randomised networks, random from the output down to "
            "the layer named, whose 95 % interval reaches highest, and with shuffled labels. A "
            f"method passes if every interval lies below {SANE_BELOW:g}, fails if one lies above, "
            "and is undecided if one holds it; blank maps say nothing. Literature: Adebayo et al. "
            "2018.",
        ),
        picture(
            results,
            "stability",
            "How alike the conjoined maps of different folds' networks are inside the brain. The "
            "folds' networks share most of their training participants, their maps none of theirs. "
            "Colours run from -1 to 1; grey: a blank map.",
            "Matrices of correlations between the folds' maps, one per method",
        ),
        table(
            scores,
            "table-robustness",
            "Likeness of the changed network's maps to the intact one's, mean over participants; "
            "95 % interval of rho; lag: 95 % interval of how far it lies below that of Meaningful "
            "Perturbations, where each participant has a draw of its own.",
            "tables/robustness.tsv",
        ),
    ]


def properties(results: RunResults) -> list:
    """Show what the paper says of its maps in words, in numbers."""
    scores = results.map_properties
    if scores is None:
        return [Note("Sparsity and alignment with tissue were not computed in this run.")]
    scores = scores.set_index("property").reset_index()  # what a row is about stands first
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
            "consistency, single map). Intervals over folds; p highest: that the method exceeds "
            "every other (over folds); p: smooth random maps.",
            "tables/map_properties.tsv",
            labels={"difference": "ahead of the rival"},
        ),
        table(
            classes,
            "table-class-difference",
            "Difference of the two classes' mean maps, "
            + (
                "beside permuted labels; all maps explain one class's output."
                if "p_null" in classes
                else "without a test: each map explains its own participant's class, so that the "
                "classes' maps would differ without any difference of people."
            ),
            "tables/map_properties.tsv",
            labels=PERMUTED_LABELS | {"p_null": "p (permuted labels)"},
        ),
    ]


def paper_maps(results: RunResults) -> list:
    """Show what the paper's way of making maps changes: one network, Grad-CAM stretched."""
    rows = results.paper_maps
    if rows is None:
        return [
            Note(
                "Maps of one network of everybody, and of Grad-CAM placed otherwise, were not "
                f"compared with these: {command(results, 'paper_maps')} does it."
            )
        ]
    return [
        table(
            rows,
            "table-paper-maps",
            "Group maps made another way beside this run's: rank correlation in the brain, with "
            "smooth random maps in the place of the other map, and where the truth is known the "
            "area under the ROC curve of both. A network of everybody explains people that it was "
            "trained on.",
            "tables/paper_maps.tsv",
            labels={
                "spearman": "Spearman's rho",
                "null_mean": "random maps: mean",
                "null_p95": "random maps: 95th percentile",
                "auc_own": "AUC, this run's",
                "auc": "AUC, other",
            },
        )
    ]
