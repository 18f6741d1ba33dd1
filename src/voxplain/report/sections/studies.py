"""Blocks of the studies that run on request; without them, the command that runs them."""

from dataclasses import replace

from voxplain.evaluation.prediction import grid_sizes as over_grids
from voxplain.evaluation.trust.ablation import ERRORS, MATTERS, verdicts
from voxplain.names import method_name, number, relation
from voxplain.report.blocks import Block, Note, Text, command, counted, on_request, picture
from voxplain.report.results import RunResults
from voxplain.report.tables import table
from voxplain.stats.over_folds import ALPHA

CHANGED = {"seeds": "the seed, same folds", "folds": "the folds and the seed"}


def seeds(results: RunResults) -> list[Block]:
    """Show how much the network's accuracy depends on the seed and the folds."""
    rows = results.seeds
    if rows is None:
        missing = "The network was trained from one seed only"
        return [on_request(results, "seeds", missing)]
    return [
        table(
            rows.assign(changed=rows["changed"].map(CHANGED)),
            "table-seeds",
            "The network trained again: accuracy on all held-out participants, and the share of "
            "them that two runs classify differently.",
            "tables/seeds.tsv",
        )
    ]


def shuffled(results: RunResults) -> list[Block]:
    """Show the accuracy of networks that were trained on shuffled labels."""
    rows = results.shuffled
    if rows is None:
        missing = "The network was not trained on shuffled labels in all folds"
        return [on_request(results, "shuffled", missing)]
    null = rows[rows["labels"] != "true"]
    return [
        Text(
            f"{int(null['inside'].sum())} of {len(null)} networks trained on shuffled labels have "
            "an accuracy within the range of chance, "
            f"{number(null['chance_low'].min())} to {number(null['chance_high'].max())}."
        ),
        table(
            rows,
            "table-shuffled",
            "The network on true labels and on labels permuted between families of the same size "
            "and fold. Chance: the same predictions compared with labels permuted again.",
            "tables/shuffled.tsv",
        ),
    ]


def truth(results: RunResults) -> list[Block]:
    """Show when each method can be trusted, over cohort sizes and effect sizes."""
    if results.truth is None:
        missing = (
            "It was not computed for which cohort sizes and effect sizes each method can be trusted"
        )
        return [on_request(results, "truth", missing)]
    simulated = results.config["evaluation"]["truth"]  # these cohorts are not the run's
    folds = {**results.config["folds"], "n_splits": simulated["n_splits"]}
    config = {**results.config, "folds": folds}
    sizes = ", ".join(map(str, simulated["n_subjects"]))
    return [
        picture(
            replace(results, config=config),
            "truth",
            "When each method can be trusted: area under the ROC curve of the group maps against "
            "the planted regions, over effect size, in simulated cohorts of several sizes. "
            "Filled: above the 95th percentile of smooth random maps. Each point is one cohort; "
            "its bar is a 95 % interval over that cohort's folds and does not cover other "
            "cohorts. If the network is not better than chance, its maps are no evidence.",
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


def ablation(results: RunResults) -> list[Block]:
    """Show how each setting of Meaningful Perturbations changes its maps."""
    rows = results.ablation
    if rows is None:
        missing = (
            "It was not computed whether the paper's settings of Meaningful Perturbations are on a "
            "plateau"
        )
        return [on_request(results, "ablation", missing)]
    score = "auc" if "auc" in rows else "fall"
    people, fold = counted(rows["participants"]), results.config["evaluation"]["robustness"]
    return [
        Text(
            "One setting of Meaningful Perturbations at a time is varied, the others are those of "
            f"this run, on {people} participants of fold {fold['fold']}. Below the plateau: worse "
            f"than the best value by more than {MATTERS:g} and by more than {ERRORS} standard "
            "errors of the paired difference. Lengths that the paper gives in its own voxels are "
            "scaled to the same share of the brain. " + " ".join(verdicts(rows, score))
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
            "Settings of Meaningful Perturbations, means over participants. The last row has all "
            "settings of the paper and is compared with this run's.",
            "tables/ablation.tsv",
            folded=True,
        ),
    ]


def grids(results: RunResults) -> list[Block]:
    """Show whether compression makes the network and the voxel SVM more alike."""
    rows = results.grids
    if rows is None:
        missing = (
            "It was not computed whether compressing the images makes network and SVM more alike"
        )
        return [on_request(results, "grids", missing)]
    return [
        Text(
            "The paper supposes that network and SVM have similar accuracy because the images are "
            f"compressed. Here {over_grids.verdict(rows)}. All grids have the same folds and the "
            "settings of this run, which were not tuned for any of them."
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
        ),
    ]


def roar(results: RunResults) -> list[Block]:
    """Show how much accuracy a network loses that is trained without a method's voxels."""
    rows = results.roar
    if rows is None:
        missing = "The network was not trained again without the voxels that the methods mark"
        return [on_request(results, "roar", missing)]
    fill = results.config["evaluation"]["roar"]["fill"]
    costly = rows[(rows["cost"] > 0) & (rows["p"] < ALPHA)]
    named = "; ".join(
        f"{method_name(row.method)} at {row.share:.0%} of the brain" for row in costly.itertuples()
    )
    return [
        Text(
            "Remove and retrain (ROAR): the voxels that a method marks in a sample of each fold's "
            f"training participants are replaced ({fill}) in all images, and the network is "
            "trained again. This costs more accuracy than removing smooth random voxels of equal "
            "volume " + (f"for {named}." if named else "for no method.")
        ),
        table(
            rows,
            "table-roar",
            "Accuracy of networks trained without the marked voxels, means over folds; interval "
            "and p from the variation among random masks.",
            "tables/roar.tsv",
        ),
    ]


def external(results: RunResults) -> list[Block]:
    """Show the accuracy of another run's models on this cohort, and compare the maps."""
    rows = results.external
    if rows is None:
        other = ("--config", "other_run=NAME")
        return [
            Note(
                "No models of another cohort were tested on this one. To compute it: "
                f"{command(results, 'external', *other)}. To show two runs side by side: "
                f"{command(results, 'compare', *other)}."
            )
        ]
    network = rows.iloc[0]
    blocks: list[Block] = [
        Text(
            f"The network that {network['trained_on']} trained on its whole cohort is right for "
            f"{network['accuracy']:.1%} of this run's {int(network['n'])} participants (95 % "
            f"interval {network['ci_low']:.1%} to {network['ci_high']:.1%}; larger class "
            f"{network['majority']:.1%}; permutation p {relation(network['p_permutation'])})."
        ),
        table(
            rows,
            "table-external",
            "Models of another cohort on this one, and the accuracy of both runs on their own "
            "held-out participants. Models that need data which one of the runs lacks are not "
            "shown.",
            "tables/external.tsv",
        ),
    ]
    maps = results.external_maps
    if maps is None:
        return [
            *blocks,
            Note("The maps of the two cohorts were not compared: not both are in MNI152."),
        ]
    return [
        *blocks,
        table(
            maps,
            "table-external-maps",
            "Similarity of conjoined group maps in the brain, and with smooth random maps in place "
            "of the second map.",
            "tables/external_maps.tsv",
        ),
    ]
