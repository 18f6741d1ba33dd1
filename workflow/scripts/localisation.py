"""How well each method's maps find the planted regions, and what chance gives."""

import numpy as np
import pandas as pd

from voxplain.evaluation.maps.group_maps import GroupMaps
from voxplain.evaluation.maps.localisation import (
    auc_over_folds,
    localisation,
    localisation_by_region,
    planted_regions,
    pointing_game,
)
from voxplain.image.masked import read_brain
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.run.files import keyed, write_table
from voxplain.run.logs import job_log
from voxplain.stats.spatial_null import surrogates

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    brain = read_brain(inputs.brain_mask)
    regions = planted_regions(inputs.truth, inputs.truth_names, brain.shape)
    planted = np.any(list(regions.values()), axis=0)
    names = [*params.methods, *params.controls]
    group_maps = keyed([*inputs.maps, *inputs.controls], names)
    fold_maps = keyed(inputs.fold_maps, names, params.folds)
    fold_means = keyed(inputs.fold_means, names, params.folds)
    scores, parts = {}, []
    for name in names:
        conjoined = GroupMaps.read(group_maps[name]).conjoined
        random_maps = surrogates(conjoined, brain, params.surrogates, params.seed)
        score = localisation(conjoined, planted, brain, random_maps)
        folds = (Stack(fold_maps[name, fold]) for fold in params.folds)
        score |= pointing_game(folds, planted, brain)
        means = np.stack([read_volume(fold_means[name, fold])[0] for fold in params.folds])
        score |= auc_over_folds(means, score["auc"], planted, brain)
        scores[name] = {"method": name, **score}
        if name in params.methods:
            by_region = localisation_by_region(conjoined, regions, brain, random_maps)
            parts.append(by_region.assign(method=name))
    table = pd.DataFrame([scores[name] for name in params.methods])
    write_table(outputs.table, table)
    write_table(outputs.controls, pd.DataFrame([scores[name] for name in params.controls]))
    write_table(outputs.regions, pd.concat(parts))
    print(table.to_string(index=False))
