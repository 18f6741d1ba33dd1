"""The accuracy of networks trained on shuffled labels, and what chance gives."""

import pandas as pd

from voxplain.cohort.folds import held_out_folds
from voxplain.evaluation.prediction.retraining import against_chance
from voxplain.run.files import read_table, read_tables, write_table
from voxplain.run.logs import job_log
from voxplain.run.seeds import stream_seed
from voxplain.stats.family_blocks import family_codes

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    participants = read_table(inputs.participants)
    families = family_codes(participants)
    folds = held_out_folds(read_table(inputs.folds), participants)
    rows = []
    for name in ("cnn", *params.reruns):
        predictions = read_tables(inputs[name])
        predictions = predictions.set_index("participant_id").loc[participants["participant_id"]]
        seed = stream_seed(params.seed, "against chance", name)
        rows.append(
            {
                "labels": "true" if name == "cnn" else name.replace("_", " "),
                **against_chance(predictions, families, folds, params.permutations, seed),
            }
        )
    table = pd.DataFrame(rows)
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
