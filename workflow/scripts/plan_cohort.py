"""Who is in the synthetic cohort, and the truth: which voxels carry the planted effect."""

import pandas as pd

from voxplain.atlas.labels import load_atlas, on_grid, region_mask
from voxplain.image.nifti import write_volume
from voxplain.run.files import write_array, write_table
from voxplain.run.logs import job_log
from voxplain.simulation import embedded_cohort
from voxplain.simulation.templates import Templates

with job_log(snakemake.log[0]):
    p = snakemake.params
    regions = p.settings["regions"]
    templates = Templates.load(p.settings["voxel_size_mm"])
    atlases = {
        name: on_grid(load_atlas(name, image, table), templates.grid)
        for name, image, table in zip(
            p.atlases, snakemake.input.labels, snakemake.input.names, strict=True
        )
    }
    masks = [region_mask(atlases[region["atlas"]], region["labels"]) for region in regions]
    weights = embedded_cohort.region_weights(masks, templates, p.settings)
    labels = embedded_cohort.truth(weights, p.settings)

    write_table(snakemake.output.plan, embedded_cohort.plan(p.settings, p.seed, tuple(p.classes)))
    write_array(snakemake.output.weights, weights)
    write_volume(snakemake.output.truth, labels, templates.grid)
    names = [region["name"] for region in regions]
    table = pd.DataFrame({"value": range(1, len(names) + 1), "name": names})
    table["voxels"] = [(labels == value).sum() for value in table["value"]]
    write_table(snakemake.output.truth_names, table)
    print(table.to_string(index=False))
