"""Table 3: overlap of the three methods' masks, as true Dice and as the paper's agreement."""

import numpy as np

from voxplain.evaluation.overlap import table3
from voxplain.files import write_table
from voxplain.logs import job_log
from voxplain.nifti import read_volume

with job_log(snakemake.log[0]):
    p = snakemake.params
    brain = read_volume(snakemake.input.brain_mask)[0] > 0
    maps = {
        method: np.load(path)[2]
        for method, path in zip(p.methods, snakemake.input.maps, strict=True)
    }
    table = table3(maps, brain, p.thresholds, p.equal_area, p.surrogates, p.seed)
    write_table(snakemake.output.table, table)
    print(table.T.to_string())
