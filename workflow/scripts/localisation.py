"""How well each method's maps find the planted regions, beside chance."""

import numpy as np
import pandas as pd

from voxplain.evaluation.maps.localisation import (
    auc_over_folds,
    localisation,
    localisation_by_region,
    planted_regions,
    pointing_game,
)
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.run.files import write_table
from voxplain.run.logs import job_log
from voxplain.stats.spatial_null import surrogates

with job_log(snakemake.log[0]):
    p = snakemake.params
    brain = read_volume(snakemake.input.brain_mask)[0] > 0
    regions = planted_regions(snakemake.input.truth, snakemake.input.truth_names, brain.shape)
    planted = np.any(list(regions.values()), axis=0)
    scores, parts = {}, []
    names = [*p.methods, *p.controls]
    own = np.array(snakemake.input.fold_maps).reshape(len(names), -1)
    means = np.array(snakemake.input.fold_means).reshape(own.shape)
    for name, path, folds, of_folds in zip(
        names, [*snakemake.input.maps, *snakemake.input.controls], own, means, strict=True
    ):
        conjoined = np.load(path)[2]
        random_maps = surrogates(conjoined, brain, p.surrogates, p.seed)
        found = localisation(conjoined, planted, brain, random_maps)
        found |= pointing_game(map(Stack, folds), planted, brain)
        mean_maps = np.stack([read_volume(one)[0] for one in of_folds])
        found |= auc_over_folds(mean_maps, found["auc"], planted, brain)
        scores[name] = {"method": name, **found}
        if name in p.methods:
            by_region = localisation_by_region(conjoined, regions, brain, random_maps)
            parts.append(by_region.assign(method=name))
    table = pd.DataFrame([scores[method] for method in p.methods])
    write_table(snakemake.output.table, table)
    write_table(snakemake.output.controls, pd.DataFrame([scores[name] for name in p.controls]))
    write_table(snakemake.output.regions, pd.concat(parts))
    print(table.to_string(index=False))
