"""The accuracy of networks trained on shuffled labels beside what chance gives."""

import pandas as pd

from voxplain.evaluation.families import family_codes
from voxplain.evaluation.retraining import against_chance
from voxplain.files import read_table, read_tables, write_table
from voxplain.folds import held_out_folds
from voxplain.logs import job_log
from voxplain.seeds import stream_seed

with job_log(snakemake.log[0]):
    p, given = snakemake.params, snakemake.input
    participants = read_table(given.participants)
    families = family_codes(participants)
    folds = held_out_folds(read_table(given.folds), participants)
    rows = []
    for name in ("cnn", *p.reruns):
        predictions = read_tables(given[name])
        predictions = predictions.set_index("participant_id").loc[participants["participant_id"]]
        seed = stream_seed(p.seed, "against chance", name)
        rows.append(
            {
                "labels": "true" if name == "cnn" else name.replace("_", " "),
                **against_chance(predictions, families, folds, p.permutations, seed),
            }
        )
    table = pd.DataFrame(rows)
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
