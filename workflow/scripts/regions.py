"""Table 2 for every atlas; sides, networks, and what the morphometry models weigh."""

import numpy as np
import pandas as pd

from voxplain.atlas.labels import read_atlases
from voxplain.evaluation.maps.group_maps import GroupMaps
from voxplain.evaluation.maps.localisation import planted_voxels
from voxplain.evaluation.maps.overlap import top_fraction
from voxplain.image.grid import Grid
from voxplain.image.masked import read_brain
from voxplain.image.nifti import read_volume
from voxplain.preparation.spaces import require_mni152, write_sidecars
from voxplain.regions.by_method import method_tables
from voxplain.regions.means import region_means
from voxplain.regions.morphometry_overlap import structure_importance, structure_overlap
from voxplain.regions.weights import region_weights
from voxplain.run.files import keyed, read_json, read_tables, write_table
from voxplain.run.logs import job_log
from voxplain.stats.spatial_null import surrogates

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    require_mni152(inputs.sidecars)
    grid, brain = Grid.from_dict(read_json(inputs.grid)), read_brain(inputs.brain_mask)
    atlases = read_atlases([*params.atlases, *params.networks], inputs.labels, inputs.names)
    weights = {name: region_weights(atlas, grid) for name, atlas in atlases.items()}
    planted = {}
    if inputs.truth:
        truth = planted_voxels(*inputs.truth, brain.shape).ravel()
        for name in params.atlases:
            planted[name] = pd.Series(weights[name][0] @ truth, atlases[name].table["value"])
    group_maps = keyed(inputs.maps, params.methods)
    fold_maps = keyed(inputs.fold_maps, params.methods, params.folds)
    tables, means = {name: [] for name in params.tables}, {}
    for method in params.methods:
        conjoined = GroupMaps.read(group_maps[method]).conjoined
        folds = np.stack([read_volume(fold_maps[method, fold])[0] for fold in params.folds])
        null = surrogates(conjoined, brain, params.surrogates, params.seed)
        marked = top_fraction(conjoined, brain, params.equal_area).ravel().astype(float)
        of_atlases = {
            name: region_means(conjoined, atlas, weights[name], folds, null)
            for name, atlas in atlases.items()
        }
        means[method] = {name: of_atlases[name] for name in params.atlases}
        coverage = {name: weights[name][0] @ marked for name in params.atlases}
        made = method_tables(of_atlases, coverage, planted, params.networks)
        for name, table in made.items():
            table.insert(0, "method", method)
            tables[name].append(table)
    if "morphometry_overlap" in tables:
        paths = keyed(inputs.importances, params.models, params.model_folds)
        importances = {
            model: read_tables([paths[model, fold] for fold in params.model_folds])
            for model in params.models
        }
        structures, correlations = structure_overlap(structure_importance(importances), means)
        tables |= {"morphometry_regions": [structures], "morphometry_overlap": [correlations]}
    for name, parts in tables.items():
        table = pd.concat(parts)
        write_table(outputs[name], table)
        print(f"{name}\n{table.head(20).to_string(index=False)}\n")
    write_sidecars(outputs.sidecars, inputs.sidecars[0], [*inputs.maps, *inputs.labels])
