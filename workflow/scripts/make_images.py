"""Make the images and morphometry of one batch of the synthetic cohort."""

from pathlib import Path

import numpy as np
import pandas as pd

from voxplain.atlas.labels import on_grid, read_atlases
from voxplain.image.nifti import write_volume
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.simulation import embedded_cohort
from voxplain.simulation.segmentation import segment
from voxplain.simulation.templates import Templates

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    plan = read_table(inputs.plan)
    batch = np.array_split(np.arange(len(plan)), params.n_batches)[int(snakemake.wildcards.batch)]
    weights = np.load(inputs.weights)
    templates = Templates.load(params.settings["voxel_size_mm"])
    atlases = {}
    for name, atlas in read_atlases(params.atlases, inputs.labels, inputs.names).items():
        placed = on_grid(atlas, templates.grid)
        atlases[name] = (placed.labels, dict(placed.table.itertuples(index=False)))
    segmentation = segment(
        atlases, templates.grid, templates.grey, templates.white, templates.brain
    )
    folder = Path(outputs.images)
    rows, progress = [], Progress("participants made")
    for done, row in enumerate(plan.iloc[batch].to_dict("records"), start=1):
        t1, grid, features, tiv = embedded_cohort.make_participant(
            row, templates, weights, params.settings, params.seed, segmentation
        )
        image = folder / f"{row['participant_id']}_T1w.nii.gz"
        write_volume(image, t1, grid)
        relative = image.relative_to(Path(outputs.rows).parent.parent)
        about = {"participant_id": row["participant_id"], "image": str(relative), "tiv": tiv}
        rows.append(about | features)
        progress(done, len(batch))
    write_table(outputs.rows, pd.DataFrame(rows))
