"""Sparsity, alignment with tissue borders, difference of the classes' maps; and run times."""

import numpy as np
import pandas as pd

from voxplain.evaluation.maps import properties
from voxplain.evaluation.maps.runtime import runtime_over_folds
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.run.files import read_json, read_table, write_table
from voxplain.run.logs import job_log
from voxplain.run.seeds import stream_seed
from voxplain.stats.family_blocks import family_codes, permuted_labels
from voxplain.stats.spatial_null import surrogates

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    people = read_table(given.participants)
    families = pd.Series(family_codes(people), people["participant_id"])
    brain = read_volume(given.brain_mask)[0] > 0
    mean = read_volume(given.mean)[0]
    seed = stream_seed(p.seed, "map properties")
    shape = len(p.methods), len(p.folds)
    paths = [np.array(part).reshape(shape) for part in (given.fold_maps, given.rows)]
    sparsity, edges, null, agreed, differences = {"gini": {}, "hoyer": {}}, {}, {}, {}, {}
    for k, method in enumerate(p.methods):
        held_out = [properties.of_fold(Stack(path), mean, brain) for path in paths[0][k]]
        tables = [read_table(rows).query("set == 'test'") for rows in paths[1][k]]
        for name, folds in sparsity.items():
            folds[method] = np.array([fold[name] for fold in held_out])
        edges[method] = np.array([fold["edges"] for fold in held_out])
        peaks = np.concatenate([fold["peaks"] for fold in held_out])
        group = np.load(given.maps[k])[2]
        random = surrogates(group, brain, p.surrogates, seed)
        null[method] = properties.edge_null(group, mean, brain, random)
        if len(held_out) > 1:
            means = np.stack([fold["mean"] for fold in held_out])
            agreed[method] = properties.agreement_of_folds(means, random[:, brain])
        rows = pd.concat(tables, keys=p.folds, names=["fold"]).reset_index("fold")
        labels = rows["label"].to_numpy(int)
        relatives = pd.factorize(families.loc[rows["participant_id"]])[0]
        draws = 0 if p.target in properties.OWN_CLASS else p.permutations
        permuted = permuted_labels(labels, relatives, rows["fold"].to_numpy(str), draws, seed)
        differences[method] = properties.class_difference(
            properties.unit_blocks(Stack(*paths[0][k]), peaks, brain, draws), labels, permuted
        )
    parts = [
        properties.compare_methods(folds).assign(property=name) for name, folds in sparsity.items()
    ]
    compared = properties.compare_methods(edges, -1).assign(property="edges")
    observed = pd.DataFrame.from_dict(null, orient="index").rename_axis("method").reset_index()
    parts.append(compared.merge(observed))
    for name, found in (("agreement of folds", agreed), ("class difference", differences)):
        own = pd.DataFrame.from_dict(found, orient="index").rename_axis("method")
        parts.append(own.reset_index().assign(property=name))
    table = pd.concat(parts, ignore_index=True)
    write_table(snakemake.output.table, table)
    times = runtime_over_folds(pd.DataFrame([read_json(path) for path in given.timing]))
    write_table(snakemake.output.runtime, times)
    print(table.round(3).to_string(index=False), times.to_string(index=False), sep="\n\n")
