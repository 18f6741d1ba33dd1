"""Make the images and morphometry of one batch of the synthetic cohort."""

from pathlib import Path

import numpy as np
import pandas as pd

from voxplain.atlas.labels import load_atlas, on_grid
from voxplain.image.nifti import write_volume
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.simulation import embedded_cohort
from voxplain.simulation.segmentation import segment
from voxplain.simulation.templates import Templates

with job_log(snakemake.log[0]):
    p = snakemake.params
    plan = read_table(snakemake.input.plan)
    batch = np.array_split(np.arange(len(plan)), p.n_batches)[int(snakemake.wildcards.batch)]
    weights = np.load(snakemake.input.weights)
    templates = Templates.load(p.settings["voxel_size_mm"])
    atlases = {}
    for name, image, table in zip(
        p.atlases, snakemake.input.labels, snakemake.input.names, strict=True
    ):
        atlas = on_grid(load_atlas(name, image, table), templates.grid)
        atlases[name] = (atlas.labels, dict(atlas.table.itertuples(index=False)))
    segmentation = segment(
        atlases, templates.grid, templates.grey, templates.white, templates.brain
    )
    folder = Path(snakemake.output.images)
    rows, progress = [], Progress("participants made")
    for done, row in enumerate(plan.iloc[batch].to_dict("records"), start=1):
        t1, grid, features, tiv = embedded_cohort.make_participant(
            row, templates, weights, p.settings, p.seed, segmentation
        )
        image = folder / f"{row['participant_id']}_T1w.nii.gz"
        write_volume(image, t1, grid)
        relative = image.relative_to(Path(snakemake.output.rows).parent.parent)
        about = {"participant_id": row["participant_id"], "image": str(relative), "tiv": tiv}
        rows.append(about | features)
        progress(done, len(batch))
    write_table(snakemake.output.rows, pd.DataFrame(rows))
