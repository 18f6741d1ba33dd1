"""Table 3 as true Dice and as the paper's agreement; agreement of the methods over a sweep."""

import pandas as pd

from voxplain.evaluation.maps.agreement import (
    AREAS,
    N_SMOOTHNESS,
    fold_agreement,
    group_agreement,
    participant_agreement,
)
from voxplain.evaluation.maps.group_maps import GroupMaps
from voxplain.evaluation.maps.overlap import table3
from voxplain.image.masked import read_brain
from voxplain.image.stack import Stack
from voxplain.run.files import keyed, write_table
from voxplain.run.logs import job_log
from voxplain.run.seeds import stream_seed
from voxplain.stats.spatial_null import smoothness

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    brain = read_brain(inputs.brain_mask)
    group, controls = (
        {name: GroupMaps.read(path).conjoined for name, path in keyed(paths, names).items()}
        for paths, names in ((inputs.maps, params.methods), (inputs.controls, params.controls))
    )
    areas = sorted({*AREAS, params.equal_area})
    sweep = group_agreement(group, brain, areas, params.surrogates, params.seed, controls)
    table = table3(group, brain, params.thresholds, sweep, params.equal_area)
    write_table(outputs.table, table)

    seed = stream_seed(params.seed, "agreement of participants' maps")
    paths = keyed(inputs.fold_maps, params.methods, params.folds)
    fwhm = {}
    for method in params.methods:
        first_maps = (Stack(paths[method, fold])[0] for fold in params.folds[:N_SMOOTHNESS])
        fwhm[method], _ = smoothness(first_maps, brain, seed)
    rows = []
    for k, fold in enumerate(params.folds):
        maps = {method: Stack(paths[method, fold]) for method in params.methods}
        rows.append(fold_agreement(maps, brain, fwhm, areas, [seed, k]).assign(fold=fold))
    sweep = pd.concat([sweep, participant_agreement(pd.concat(rows))], ignore_index=True)
    write_table(outputs.agreement, sweep)
    print(table.T.to_string(), sweep.round(3).to_string(index=False), sep="\n\n")
