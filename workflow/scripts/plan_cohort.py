"""Who is in the synthetic cohort, and the truth: which voxels carry the planted effect."""

import pandas as pd

from voxplain.atlas.labels import on_grid, read_atlases, region_mask
from voxplain.image.nifti import write_volume
from voxplain.run.files import write_array, write_table
from voxplain.run.logs import job_log
from voxplain.simulation import embedded_cohort
from voxplain.simulation.templates import Templates

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    regions = params.settings["regions"]
    templates = Templates.load(params.settings["voxel_size_mm"])
    atlases = {
        name: on_grid(atlas, templates.grid)
        for name, atlas in read_atlases(params.atlases, inputs.labels, inputs.names).items()
    }
    masks = [region_mask(atlases[region["atlas"]], region["labels"]) for region in regions]
    weights = embedded_cohort.region_weights(masks, templates, params.settings)
    labels = embedded_cohort.truth(weights, params.settings)

    plan = embedded_cohort.plan(params.settings, params.seed, tuple(params.classes))
    write_table(outputs.plan, plan)
    write_array(outputs.weights, weights)
    write_volume(outputs.truth, labels, templates.grid)
    names = [region["name"] for region in regions]
    table = pd.DataFrame({"value": range(1, len(names) + 1), "name": names})
    table["voxels"] = [(labels == value).sum() for value in table["value"]]
    write_table(outputs.truth_names, table)
    print(table.to_string(index=False))
