"""How well each method finds the truth, over cohort sizes and effect sizes."""

import pandas as pd

from voxplain.figures.style import save
from voxplain.figures.truth import truth
from voxplain.run.files import read_table, read_tables, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    inputs, rows = snakemake.input, []
    for (n, effect), accuracy, localisation, controls in zip(
        snakemake.params.points, inputs.accuracy, inputs.localisation, inputs.controls, strict=True
    ):
        cnn = read_table(accuracy).set_index("model").loc["cnn"]
        scores = read_tables([localisation, controls])
        scores.insert(0, "participants", n)
        scores.insert(1, "effect_size", effect)
        scores["cnn_accuracy"] = cnn["accuracy"]
        scores[["cnn_low", "cnn_high"]] = cnn["ci_low"], cnn["ci_high"]
        scores["evidence"] = cnn["evidence"]
        rows.append(scores)
    table = pd.concat(rows, ignore_index=True)
    write_table(snakemake.output.table, table)
    save(truth(table), table, *snakemake.output.figure)
    print(table.round(3).to_string(index=False))
