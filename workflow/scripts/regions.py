"""Table 2 for every atlas; sides, networks, and what the morphometry models weigh."""

import numpy as np
import pandas as pd

from voxplain import paper
from voxplain.atlas.labels import load_atlas
from voxplain.evaluation.maps.localisation import planted_voxels
from voxplain.evaluation.maps.overlap import top_fraction
from voxplain.image.grid import Grid
from voxplain.image.nifti import read_volume
from voxplain.preparation.spaces import require_mni152, write_sidecars
from voxplain.regions.means import region_means
from voxplain.regions.morphometry_overlap import structure_importance, structure_overlap
from voxplain.regions.tables import enrichment, laterality, overlap_table
from voxplain.regions.weights import region_weights
from voxplain.run.files import read_json, read_tables, write_table
from voxplain.run.logs import job_log
from voxplain.stats.spatial_null import surrogates

with job_log(snakemake.log[0]):
    given, p, output = snakemake.input, snakemake.params, snakemake.output
    require_mni152(given.sidecars)
    grid = Grid.from_dict(read_json(given.grid))
    brain = read_volume(given.brain_mask)[0] > 0
    files = zip([*p.atlases, *p.networks], given.labels, given.names, strict=True)
    atlases = {name: load_atlas(name, *paths) for name, *paths in files}
    weights = {name: region_weights(atlas, grid) for name, atlas in atlases.items()}
    planted = {}
    if given.truth:
        truth = planted_voxels(*given.truth, brain.shape).ravel()
        for name in p.atlases:
            planted[name] = pd.Series(weights[name][0] @ truth, atlases[name].table["value"])
    fold_maps = np.array(given.fold_maps).reshape(len(p.methods), -1)
    tables, means = {name: [] for name in p.tables}, {}
    for method, path, images in zip(p.methods, given.maps, fold_maps, strict=True):
        conjoined = np.load(path)[2]
        folds = np.stack([read_volume(image)[0] for image in images])
        null = surrogates(conjoined, brain, p.surrogates, p.seed)
        marked = top_fraction(conjoined, brain, p.equal_area).ravel().astype(float)
        own = {
            name: region_means(conjoined, atlas, weights[name], folds, null)
            for name, atlas in atlases.items()
        }
        for name in p.atlases:
            table = overlap_table(own[name], weights[name][0] @ marked)
            if planted:
                table["planted"] = table["value"].map(planted[name])
            table["paper"] = paper.table2_scores(name, table["value"], table["name"])
            tables[f"table2_{name}"].append(table.assign(method=method))
        if p.atlases:
            tables["laterality"].append(laterality(own, paper.LATERALITY).assign(method=method))
        for name, patterns in p.networks.items():
            found = enrichment(own[name], patterns)
            tables["networks"].append(found.assign(atlas=name, method=method))
        means[method] = {name: own[name] for name in p.atlases}
    if "morphometry_overlap" in tables:
        paths = np.array(given.importances).reshape(len(p.models), -1)
        importances = {model: read_tables(own) for model, own in zip(p.models, paths, strict=True)}
        structures, correlations = structure_overlap(structure_importance(importances), means)
        tables |= {"morphometry_regions": [structures], "morphometry_overlap": [correlations]}
    for name, parts in tables.items():
        table = pd.concat(parts)
        if "method" in table:
            table.insert(0, "method", table.pop("method"))
        write_table(output[name], table)
        print(f"{name}\n{table.head(20).to_string(index=False)}\n")
    write_sidecars(output.sidecars, given.sidecars[0], [*given.maps, *given.labels])
