"""Group maps of a network of everybody, and of Grad-CAM placed otherwise, beside the run's own."""

import numpy as np
import pandas as pd

from voxplain.evaluation.maps.localisation import planted_voxels
from voxplain.evaluation.maps.transfer import beside
from voxplain.image.nifti import read_volume
from voxplain.run.files import write_table
from voxplain.run.logs import job_log

PLACED = {"paper": "features stretched to the box", "receptive_field": "features where they lie"}

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    brain = read_volume(given.brain_mask)[0] > 0
    planted = planted_voxels(*given.truth, brain.shape) if given.truth else None
    own = dict(zip(p.methods, given.own, strict=True))
    others = [
        ("one network of everybody", p.everybodys, given.everybody),
        (PLACED[p.upsampling], p.placed, given.placed),
    ]
    rows = []
    for changed, methods, paths in others:
        for method, path in zip(methods, paths, strict=True):
            maps = (np.load(one)[2] for one in (own[method], path))
            found = beside(*maps, brain, planted, p.surrogates, p.seed)
            rows.append({"method": method, "changed": changed, **found})
    table = pd.DataFrame(rows)
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
