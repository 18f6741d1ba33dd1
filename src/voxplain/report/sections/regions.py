"""The report's section on brain regions: Table 2, sides, networks, and morphometry's own."""

import pandas as pd

from voxplain.claims.maps import TOP_REGIONS
from voxplain.paper import published_regions
from voxplain.preparation.spaces import is_mni152, space_after
from voxplain.report.blocks import Note, Text, picture
from voxplain.report.results import RunResults
from voxplain.report.sections.maps import caveat
from voxplain.report.tables import table

# What the page shows of regions that are not among the highest; the file has the rest.
ALL_REGIONS = ("method", "rank", "name", "score", "fold_low", "fold_high", "q_fdr", "p_fwe")


def regions(results: RunResults) -> list:
    """Show the highest regions per atlas and method (Table 2)."""
    tables = results.table2
    if not tables:
        config = results.config
        space = space_after(config["cohort"]["space"], config["registration"])
        if not is_mni152(space):
            reason = f"the images are in {space} space and the atlases in MNI152"
        elif not config["atlases"]:
            reason = "no atlas is configured"
        else:
            reason = "they were not handed to the report"
        return [Note(f"Table 2: there are no region tables, because {reason}.")]
    blocks: list = [
        *caveat(results),
        Text(
            "The paper's score is the mean of the map in a region divided by the sum over all "
            "regions. p and q say how often smooth random maps with the same values score as high; "
            "the family-wise p compares with the highest region of each random map, scores "
            "standardised by region. A region survives if this p is below 0.05 and it scores "
            "above random maps in every fold. p (folds) asks for more: that networks trained on "
            "other people would prefer it too. Ten folds of a small cohort can hardly tell "
            "(jackknife over folds; q over the regions). A region that does not survive is not "
            "shown; that is no sign that the network leaves it out. Maps reach beyond what made "
            "them: a region that survives may be the neighbour of one that the network uses, above "
            "all where that one is missing from the atlas."
        ),
    ]
    blocks.append(
        picture(
            results,
            "regions",
            "The ten highest regions of each method in each atlas, with 95 % intervals over folds "
            "(jackknife).",
            "Bars of the scores of the ten highest regions per method and atlas",
        )
    )
    for atlas, data in tables.items():
        shown = data[data["rank"] <= TOP_REGIONS]
        blocks.append(
            table(
                shown,
                f"table-2-{atlas}",
                f"Table 2, {atlas}. Highest regions of each method.",
                f"tables/table2_{atlas}.tsv",
                labels={"value": "label in the atlas"},
            )
        )
        blocks.append(
            table(
                data[[column for column in ALL_REGIONS if column in data]],
                f"table-2-{atlas}-all",
                f"All {data['name'].nunique()} regions of {atlas}.",
                f"tables/table2_{atlas}.tsv",
                folded=True,
            )
        )
        published = published_regions(atlas)
        if published:
            printed = pd.DataFrame(published)[["name", "score"]]
            blocks.append(
                table(
                    printed,
                    f"table-2-{atlas}-paper",
                    f"Table 2, {atlas}, as the paper prints it (Meaningful Perturbations).",
                    labels={"name": "region", "score": "score (paper)"},
                )
            )
    return [*blocks, *_sides(results), *_networks(results), *_morphometry(results)]


def _sides(results: RunResults) -> list:
    sides = results.laterality
    if sides is None or sides.empty:
        return []
    return [
        table(
            sides,
            "table-laterality",
            "Sides of the regions that the paper names: (right - left) / (right + left) of the "
            "map's means, with its interval over folds and p of smooth random maps.",
            "tables/laterality.tsv",
        )
    ]


def _networks(results: RunResults) -> list:
    networks = results.networks
    if networks is None:
        return [Note("No parcellation into networks is configured, so no network was tested.")]
    return [
        table(
            networks,
            "table-networks",
            "Functional networks: the map's mean inside over its mean in the whole cortex.",
            "tables/networks.tsv",
            folded=True,
        )
    ]


def _morphometry(results: RunResults) -> list:
    correlations, structures = results.morphometry_overlap, results.morphometry_regions
    if correlations is None or structures is None:
        return [
            Note(
                "This cohort has no morphometry, so its models' important features cannot be "
                "compared with the maps."
            )
        ]
    strongest = structures.sort_values("coefficient", ascending=False).head(10)
    return [
        table(
            correlations,
            "table-morphometry-overlap",
            "Do the maps mark what the morphometry models weigh? Spearman's rho over FreeSurfer's "
            "structures; mapped: features of structures that a configured atlas holds.",
            "tables/morphometry_overlap.tsv",
        ),
        table(
            strongest,
            "table-morphometry-regions",
            "The ten structures with the largest mean |coefficient|: their strongest feature with "
            "its sign and the share of folds that agree on it, and the maps' means there.",
            "tables/morphometry_regions.tsv",
        ),
    ]
