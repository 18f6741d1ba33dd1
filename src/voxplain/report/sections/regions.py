"""The report's section on brain regions: Table 2, laterality, networks, and morphometry."""

import pandas as pd

from voxplain.claims.table2 import TOP_REGIONS
from voxplain.paper import published_regions
from voxplain.preparation.settings import registration_of
from voxplain.preparation.spaces import is_mni152
from voxplain.report.blocks import Block, Note, Text, picture
from voxplain.report.results import RunResults
from voxplain.report.sections.maps import caveat
from voxplain.report.tables import table

# Columns of the table of all regions; the file has the rest.
ALL_REGIONS = ("method", "rank", "name", "score", "fold_low", "fold_high", "q_fdr", "p_fwe")


def regions(results: RunResults) -> list[Block]:
    """Show the highest regions per atlas and method (Table 2)."""
    tables = results.table2
    if not tables:
        config = results.config
        registration = registration_of(config)
        space = registration.space_after(config["cohort"]["space"])
        if not is_mni152(space):
            reason = f"the images are in {space} space and the atlases in MNI152"
        elif not config["atlases"]:
            reason = "no atlas is configured"
        else:
            reason = "this run has not made them"
        return [Note(f"Table 2: there are no region tables, because {reason}.")]
    blocks: list[Block] = [
        *caveat(results),
        Text(
            "The paper's score is the mean of the map in a region divided by the sum over all "
            "regions. p and q tell how often smooth random maps with the same values score as "
            "high. The family-wise p compares with the highest region of each random map, after "
            "standardising the scores by region. A region survives if this p is below 0.05 and its "
            "score exceeds random maps in every fold. p (folds) is stricter: it asks whether "
            "networks trained on other participants would also prefer the region (jackknife over "
            "folds; q over the regions), for which a small cohort has little power. For a region "
            "that does not survive there is no evidence either way. Maps are blurred: a region "
            "that survives may only be next to the one that the network uses, above all if that "
            "one is missing from the atlas."
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


def _sides(results: RunResults) -> list[Block]:
    sides = results.laterality
    if sides is None or sides.empty:
        return []
    return [
        table(
            sides,
            "table-laterality",
            "Laterality of the regions that the paper names: (right - left) / (right + left) of "
            "the map's means, with its interval over folds and p against smooth random maps.",
            "tables/laterality.tsv",
        )
    ]


def _networks(results: RunResults) -> list[Block]:
    networks = results.networks
    if networks is None:
        return [Note("No parcellation into networks is configured, so no network was tested.")]
    return [
        table(
            networks,
            "table-networks",
            "Functional networks: mean of the map in the network, divided by that in the cortex.",
            "tables/networks.tsv",
            folded=True,
        )
    ]


def _morphometry(results: RunResults) -> list[Block]:
    correlations, structures = results.morphometry_overlap, results.morphometry_regions
    if correlations is None or structures is None:
        return [
            Note(
                "This cohort has no morphometry, so the maps cannot be compared with the features "
                "of morphometry models."
            )
        ]
    strongest = structures.sort_values("coefficient", ascending=False).head(10)
    return [
        table(
            correlations,
            "table-morphometry-overlap",
            "Agreement of the maps with the importances of the morphometry models: Spearman's rho "
            "over FreeSurfer structures.",
            "tables/morphometry_overlap.tsv",
        ),
        table(
            strongest,
            "table-morphometry-regions",
            "The ten structures with the largest mean |coefficient|: their strongest feature, its "
            "sign, the share of folds with that sign, and the means of the maps there.",
            "tables/morphometry_regions.tsv",
        ),
    ]
