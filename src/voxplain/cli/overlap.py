"""``voxplain overlap``: the regions of an atlas that a map marks, compared with chance."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voxplain.cli.common import console, errors, results_table

if TYPE_CHECKING:
    from voxplain.atlas.labels import Atlas

EXAMPLES = """\
**Examples**

`voxplain overlap map.nii.gz --atlas brainnetome`

`voxplain overlap map.nii.gz --atlas aal.nii.gz --labels aal.txt --out regions.tsv`

`voxplain overlap results/demo/attribution/grad_cam/group/conjoined_mean.nii.gz --atlas mori
--brain-mask results/demo/volumes/brain_mask.nii.gz`
"""


def overlap(
    image: Annotated[Path, typer.Argument(metavar="MAP", help="Map in MNI152, NIfTI.")],
    atlas: Annotated[str, typer.Option(help="Name in the configuration, or a label volume.")],
    labels: Annotated[
        Path | None, typer.Option(help="Names of the volume's labels, if --atlas is a file.")
    ] = None,
    brain_mask: Annotated[
        Path | None, typer.Option(help="Brain mask on the map's grid; by default that of MNI152.")
    ] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option(help="Configuration that lists the atlas; by default the project's."),
    ] = None,
    equal_area: Annotated[
        float, typer.Option(help="Share of the brain for the coverage.", min=0.001, max=1)
    ] = 0.1,
    surrogates: Annotated[
        int, typer.Option(help="Number of random maps; p cannot be below 1/(n+1).", min=20)
    ] = 500,
    seed: Annotated[int, typer.Option(help="Seed of the random maps.", min=0)] = 42,
    top: Annotated[int, typer.Option(help="Regions to print.", min=1)] = 10,
    out: Annotated[Path | None, typer.Option(help="Table of all regions, TSV.")] = None,
) -> None:
    """Rank the regions of an atlas by a map, with p values against smooth random maps.

    The map and the atlas must be in MNI152; their grids may differ. A mirrored or misplaced atlas
    is refused. A score is the map's mean in a region divided by the sum over all regions, coverage
    the share of the region among the map's highest voxels (--equal-area). p (FWE) is corrected for
    the number of regions: below .05 the region exceeds random maps with the same values and
    smoothness.
    """
    import numpy as np

    from voxplain.errors import GridMismatchError
    from voxplain.image.nifti import read_volume
    from voxplain.preparation.template import mask_on
    from voxplain.regions.ranked import regions_with_null
    from voxplain.run.files import write_table

    opened = _open_atlas(atlas, labels, config)
    console.print(f"Atlas {opened.name}: {'; '.join(opened.notes)}", markup=False)
    volume, grid = read_volume(image)
    if brain_mask is None:
        brain = mask_on(grid)
    else:
        mask, mask_grid = read_volume(brain_mask)
        if not mask_grid.matches(grid):
            raise GridMismatchError(f"{brain_mask} is not on the grid of {image}; resample it")
        brain = mask > 0
    with errors.status("drawing random maps"):
        table = regions_with_null(
            np.ascontiguousarray(volume), opened, grid, brain, equal_area, surrogates, seed
        )
    headings = ("rank", "region", "score", "coverage", "p", "q (FDR)", "p (FWE)")
    shown = results_table(headings, left=("region",))
    for row in table.head(top).itertuples():
        tests = [f"{value:.3f}" for value in (row.coverage, row.p_null, row.q_fdr, row.p_fwe)]
        shown.add_row(str(row.rank), row.name, f"{row.score:.4f}", *tests)
    console.print(shown)
    above = int((table["p_fwe"] < 0.05).sum())
    console.print(
        f"{above} of {len(table)} regions of {opened.name} exceed random maps (p FWE < .05)"
    )
    if out is not None:
        write_table(out, table)


def _open_atlas(atlas: str, labels: Path | None, config: list[Path] | None) -> "Atlas":
    from voxplain.atlas.files import load_atlas, load_listed_atlas
    from voxplain.errors import AtlasError
    from voxplain.run.config import DEFAULTS, project_folder, read_config
    from voxplain.run.paths import RunPaths
    from voxplain.run.wheels import fetch_wheel

    if labels is not None:
        return load_atlas(Path(atlas).name, atlas, labels)
    listed = read_config(config or [project_folder() / DEFAULTS]).get("atlases", [])
    entries = {entry["name"]: entry for entry in listed}
    if atlas not in entries:
        raise AtlasError(
            f"--atlas {atlas}: the configuration lists {', '.join(entries) or 'no atlas'}; name "
            "one of these, or a label volume with its names in --labels"
        )
    entry = entries[atlas]
    if "wheel" not in entry:
        return load_listed_atlas(entry)
    with errors.status(f"fetching {entry['wheel']}"):
        wheel = fetch_wheel(entry["wheel"], Path(RunPaths("").wheel).parent)
    return load_listed_atlas(entry, wheel)
