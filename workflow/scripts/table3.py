"""Table 3 as true Dice and as the paper's agreement; agreement of the methods over a sweep."""

import numpy as np
import pandas as pd

from voxplain.evaluation.maps.agreement import (
    AREAS,
    N_SMOOTHNESS,
    fold_agreement,
    group_agreement,
    participant_agreement,
)
from voxplain.evaluation.maps.overlap import table3
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.run.files import write_table
from voxplain.run.logs import job_log
from voxplain.run.seeds import stream_seed
from voxplain.stats.spatial_null import smoothness

with job_log(snakemake.log[0]):
    p = snakemake.params
    brain = read_volume(snakemake.input.brain_mask)[0] > 0
    paths = [*snakemake.input.maps, *snakemake.input.controls]
    maps = dict(zip([*p.methods, *p.controls], (np.load(path)[2] for path in paths), strict=True))
    group, controls = ({name: maps[name] for name in names} for names in (p.methods, p.controls))
    areas = sorted({*AREAS, p.equal_area})
    sweep = group_agreement(group, brain, areas, p.surrogates, p.seed, controls)
    table = table3(group, brain, p.thresholds, sweep, p.equal_area)
    write_table(snakemake.output.table, table)

    seed = stream_seed(p.seed, "agreement of participants' maps")
    held_out = np.array(snakemake.input.fold_maps).reshape(len(p.methods), len(p.folds))
    fwhm = {
        method: smoothness((Stack(path)[0] for path in paths[:N_SMOOTHNESS]), brain, seed)[0]
        for method, paths in zip(p.methods, held_out, strict=True)
    }
    rows = []
    for k, fold in enumerate(p.folds):
        maps = dict(zip(p.methods, map(Stack, held_out[:, k]), strict=True))
        rows.append(fold_agreement(maps, brain, fwhm, areas, [seed, k]).assign(fold=fold))
    sweep = pd.concat([sweep, participant_agreement(pd.concat(rows))], ignore_index=True)
    write_table(snakemake.output.agreement, sweep)
    print(table.T.to_string(), sweep.round(3).to_string(index=False), sep="\n\n")
