"""Blocks of the studies that are asked for by name; without them, how to ask."""

from dataclasses import replace

from voxplain.evaluation.prediction import grid_sizes as over_grids
from voxplain.evaluation.trust.ablation import ERRORS, MATTERS, verdicts
from voxplain.names import method_name, number, relation
from voxplain.report.blocks import Note, Text, command, counted, picture
from voxplain.report.results import RunResults
from voxplain.report.tables import table
from voxplain.stats.over_folds import ALPHA

CHANGED = {"seeds": "the seed, on the same folds", "folds": "the folds, and the seed"}
LEAD = {
    "own": "this run's",
    "lead": "CNN minus SVM",
    "lead_low": "95 % CI, low",
    "lead_high": "95 % CI, high",
    "lead_p": "p (corrected resampled t)",
    "gain": "more than on the coarsest",
    "gain_low": "95 % CI, low (gain)",
    "gain_high": "95 % CI, high (gain)",
}


def seeds(results: RunResults) -> list:
    """Show what the network's accuracy owes to one seed and one draw of folds."""
    rows = results.seeds
    if rows is None:
        return [
            Note(
                "The network was trained from one seed only: "
                f"{command(results, 'seeds')} trains more."
            )
        ]
    return [
        table(
            rows.assign(changed=rows["changed"].map(CHANGED)),
            "table-seeds",
            "The network trained again: pooled accuracy on held-out participants, and the share of "
            "them whose class differs between two runs.",
            "tables/seeds.tsv",
            labels={
                "n_runs": "runs, this one among them",
                "accuracy_mean": "accuracy, mean of runs",
                "accuracy_sd": "sd of runs",
                "accuracy_low": "lowest",
                "accuracy_high": "highest",
                "flipped": "participants called otherwise",
            },
        )
    ]


def shuffled(results: RunResults) -> list:
    """Show the accuracy of networks that were trained on labels that mean nothing."""
    rows = results.shuffled
    if rows is None:
        return [
            Note(
                "The network was not trained on shuffled labels in all folds: "
                f"{command(results, 'shuffled')} does it."
            )
        ]
    null = rows[rows["labels"] != "true"]
    return [
        Text(
            f"{int(null['inside'].sum())} of {len(null)} networks trained on shuffled labels lie "
            "within what chance gives, "
            f"{number(null['chance_low'].min())} to {number(null['chance_high'].max())}."
        ),
        table(
            rows,
            "table-shuffled",
            "The network on true labels and on labels permuted between families of one size and "
            "fold. Chance: the same predictions against labels permuted so again.",
            "tables/shuffled.tsv",
            labels={
                "chance_low": "chance: 2.5th percentile",
                "chance_high": "chance: 97.5th percentile",
                "inside": "within chance",
            },
        ),
    ]


def truth(results: RunResults) -> list:
    """Show when each method can be believed, over cohort sizes and effect sizes."""
    if results.truth is None:
        return [
            Note(
                "When each method can be believed, over cohort sizes and effect sizes, was not "
                f"asked: {command(results, 'truth')} does it."
            )
        ]
    own = results.config["evaluation"]["truth"]  # these cohorts are not the run's
    folds = {**results.config["folds"], "n_splits": own["n_splits"]}
    config = {**results.config, "folds": folds}
    sizes = ", ".join(map(str, own["n_subjects"]))
    return [
        picture(
            replace(results, config=config),
            "truth",
            "When each method can be believed: area under the ROC curve of the group maps against "
            "the planted regions, over effect size, in simulated cohorts of several sizes. "
            "Filled: above the 95th percentile of smooth random maps. Each point is one cohort; "
            "its bar is a 95 % interval over that cohort's folds and says nothing of other "
            "cohorts. Where the network is not better than chance, its maps are no evidence.",
            "Localisation of each method over effect sizes, one panel per cohort size",
            n=sizes,
        ),
        table(
            results.truth,
            "table-truth",
            "Localisation over cohort sizes and effect sizes.",
            "tables/truth.tsv",
            folded=True,
        ),
    ]


def ablation(results: RunResults) -> list:
    """Show what each setting of Meaningful Perturbations does to its maps."""
    rows = results.ablation
    if rows is None:
        return [
            Note(
                "Whether the paper's settings of Meaningful Perturbations are on a plateau was not "
                f"asked: {command(results, 'ablation')} does it."
            )
        ]
    score = "auc" if "auc" in rows else "fall"
    people, fold = counted(rows["participants"]), results.config["evaluation"]["robustness"]
    return [
        Text(
            "One setting of Meaningful Perturbations at a time, the others as in this run, on "
            f"{people} participants of fold {fold['fold']}. Below the plateau: "
            f"behind the best value by more than {MATTERS:g} and by more than {ERRORS} standard "
            "errors of the paired difference. Lengths that the paper "
            "gives in its own voxels keep their share of the brain. "
            + " ".join(verdicts(rows, score))
        ),
        picture(
            results,
            "ablation",
            "Settings of Meaningful Perturbations. "
            + (
                "Score: area under the ROC curve of single maps against the planted regions."
                if score == "auc"
                else "Score: fall of the target's probability when the highest share of the brain "
                "is blurred, the same share and blur for every setting."
            ),
            "Score, drop of probability and replaced area over the values of each setting",
            n=people,
        ),
        picture(
            results,
            "ablation_convergence",
            "Convergence. Mean probability of the target over the iterations, by value.",
            "Probability of the target over iterations, one panel per setting, one line per value",
            n=people,
        ),
        table(
            rows,
            "table-ablation",
            "Settings of Meaningful Perturbations, means over participants; the last row has all "
            "settings as the paper gives them and is compared with this run's.",
            "tables/ablation.tsv",
            folded=True,
            labels={
                "own": "this run's",
                "paper": "the paper's",
                "drop": "drop of probability",
                "fall": "fall, highest share blurred",
                "score_se": "standard error of the score",
                "behind": "behind the best",
                "behind_se": "standard error of that",
            },
        ),
    ]


def grids(results: RunResults) -> list:
    """Show whether compression makes the network and the voxel SVM alike."""
    rows = results.grids
    if rows is None:
        return [
            Note(
                "Whether compressing the images makes network and SVM alike was not asked: "
                f"{command(results, 'grids')} does it."
            )
        ]
    svm = {
        name: name.replace("voxel_svm", "SVM").replace("_", " ") for name in rows if "svm" in name
    }
    return [
        Text(
            "The paper supposes that compressing the images explains why network and SVM score "
            f"alike. Here {over_grids.verdict(rows)}. All grids have the same folds and the "
            "settings of this run, which were not tuned to any of them."
        ),
        picture(
            results,
            "grids",
            "Compression. Accuracy of network and voxel SVM on the same images at several grids.",
            "Accuracy of the network and of the SVM over grids, and their difference",
        ),
        table(
            rows,
            "table-grids",
            "Network and voxel SVM over grids, coarsest first.",
            "tables/grids.tsv",
            folded=True,
            labels=LEAD | svm,
        ),
    ]


def roar(results: RunResults) -> list:
    """Show what a network trained without a method's voxels loses."""
    rows = results.roar
    if rows is None:
        return [
            Note(
                "The network was not trained again without the voxels that the methods mark: "
                f"{command(results, 'roar')} does it."
            )
        ]
    fill = results.config["evaluation"]["roar"]["fill"]
    missed = rows[(rows["cost"] > 0) & (rows["p"] < ALPHA)]
    named = "; ".join(
        f"{method_name(row.method)} at {row.share:.0%} of the brain" for row in missed.itertuples()
    )
    return [
        Text(
            "Removed and retrained: the voxels that a method marks in a sample of each fold's "
            f"training participants are replaced ({fill}) in all images, and the network is "
            "trained again. They are missed more than smooth random voxels of equal volume "
            + (f"for {named}." if named else "for no method.")
        ),
        table(
            rows,
            "table-roar",
            "Accuracy of networks trained without the marked voxels, means over folds; interval "
            "and p by how much random masks differ.",
            "tables/roar.tsv",
            labels={
                "share": "share of the brain replaced",
                "intact": "accuracy, intact images",
                "accuracy": "accuracy without the method's voxels",
                "random": "accuracy without random voxels",
                "cost": "cost beyond random",
                "cost_low": "95 % CI, low",
                "cost_high": "95 % CI, high",
            },
        ),
    ]


def external(results: RunResults) -> list:
    """Show what another run's models and maps are worth on this cohort."""
    rows = results.external
    if rows is None:
        other = ("--config", "other_run=NAME")
        return [
            Note(
                "No other cohort's models were tested on this one: "
                f"{command(results, 'external', *other)} does it, and "
                f"{command(results, 'compare', *other)} sets two runs side by side."
            )
        ]
    one = rows.iloc[0]
    blocks: list = [
        Text(
            f"The network that {one['trained_on']} trained on its whole cohort is right about "
            f"{one['accuracy']:.1%} of this run's {int(one['n'])} participants (95 % interval "
            f"{one['ci_low']:.1%} to {one['ci_high']:.1%}; larger class {one['majority']:.1%}; "
            f"permutation p {relation(one['p_permutation'])})."
        ),
        table(
            rows,
            "table-external",
            "Models of another cohort on this one, beside what both runs reach on their own "
            "held-out participants. Models that need what only one of the runs has are left out.",
            "tables/external.tsv",
        ),
    ]
    maps = results.external_maps
    if maps is None:
        return [*blocks, Note("Maps of the two cohorts were not compared: not both in MNI152.")]
    return [
        *blocks,
        table(
            maps,
            "table-external-maps",
            "How alike conjoined group maps are in the brain, beside smooth random maps in the "
            "place of the second.",
            "tables/external_maps.tsv",
            labels={
                "maps_a": "group maps of",
                "maps_b": "and of",
                "spearman": "Spearman's rho",
            },
        ),
    ]
