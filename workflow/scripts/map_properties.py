"""Sparsity, alignment with tissue borders, difference of the classes' maps; and run times."""

import numpy as np
import pandas as pd

from voxplain.evaluation import map_properties
from voxplain.evaluation.families import family_codes, permuted_labels
from voxplain.evaluation.over_folds import runtime_over_folds
from voxplain.evaluation.smooth_masks import surrogates
from voxplain.files import read_json, read_table, write_table
from voxplain.logs import job_log
from voxplain.nifti import read_volume
from voxplain.seeds import stream_seed
from voxplain.stack import Stack

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
        held_out = [map_properties.of_fold(Stack(path), mean, brain) for path in paths[0][k]]
        tables = [read_table(rows).query("set == 'test'") for rows in paths[1][k]]
        for name, folds in sparsity.items():
            folds[method] = np.array([fold[name] for fold in held_out])
        edges[method] = np.array([fold["edges"] for fold in held_out])
        peaks = np.concatenate([fold["peaks"] for fold in held_out])
        group = np.load(given.maps[k])[2]
        random = surrogates(group, brain, p.surrogates, seed)
        null[method] = map_properties.edge_null(group, mean, brain, random)
        if len(held_out) > 1:
            means = np.stack([fold["mean"] for fold in held_out])
            agreed[method] = map_properties.agreement_of_folds(means, random[:, brain])
        rows = pd.concat(tables, keys=p.folds, names=["fold"]).reset_index("fold")
        labels = rows["label"].to_numpy(int)
        relatives = pd.factorize(families.loc[rows["participant_id"]])[0]
        draws = 0 if p.target in map_properties.OWN_CLASS else p.permutations
        permuted = permuted_labels(labels, relatives, rows["fold"].to_numpy(str), draws, seed)
        differences[method] = map_properties.class_difference(
            map_properties.unit_blocks(Stack(*paths[0][k]), peaks, brain, draws), labels, permuted
        )
    parts = [
        map_properties.compare_methods(folds).assign(property=name)
        for name, folds in sparsity.items()
    ]
    compared = map_properties.compare_methods(edges, -1).assign(property="edges")
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
