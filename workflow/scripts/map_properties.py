"""Sparsity, alignment with tissue borders, difference of the classes' maps; and run times."""

import pandas as pd

from voxplain.evaluation.maps.group_maps import GroupMaps
from voxplain.evaluation.maps.properties import OWN_CLASS
from voxplain.evaluation.maps.properties_table import measure_method, properties_table
from voxplain.evaluation.maps.runtime import runtime_over_folds
from voxplain.image.masked import read_brain
from voxplain.image.nifti import read_volume
from voxplain.run.files import keyed, read_json, read_table, write_table
from voxplain.run.logs import job_log
from voxplain.run.seeds import stream_seed
from voxplain.stats.family_blocks import family_codes, permuted_labels

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    participants = read_table(inputs.participants)
    families = pd.Series(family_codes(participants), participants["participant_id"])
    brain, mean = read_brain(inputs.brain_mask), read_volume(inputs.mean)[0]
    seed = stream_seed(params.seed, "map properties")
    group_maps = keyed(inputs.maps, params.methods)
    maps = keyed(inputs.fold_maps, params.methods, params.folds)
    listings = keyed(inputs.rows, params.methods, params.folds)
    draws = 0 if params.target in OWN_CLASS else params.permutations
    measured = {}
    for method in params.methods:
        tables = [read_table(listings[method, fold]) for fold in params.folds]
        rows = pd.concat(tables, keys=params.folds, names=["fold"]).reset_index("fold")
        rows = rows[rows["set"] == "test"]
        labels = rows["label"].to_numpy(int)
        relatives = pd.factorize(families.loc[rows["participant_id"]])[0]
        permuted = permuted_labels(labels, relatives, rows["fold"].to_numpy(str), draws, seed)
        measured[method] = measure_method(
            [maps[method, fold] for fold in params.folds],
            GroupMaps.read(group_maps[method]).conjoined,
            mean,
            brain,
            labels,
            permuted,
            params.surrogates,
            seed,
        )
    table = properties_table(measured)
    write_table(outputs.table, table)
    times = runtime_over_folds(pd.DataFrame([read_json(path) for path in inputs.timing]))
    write_table(outputs.runtime, times)
    print(table.round(3).to_string(index=False), times.to_string(index=False), sep="\n\n")
