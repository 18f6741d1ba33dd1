"""What each setting of Meaningful Perturbations does to its maps, as table and figures."""

import pandas as pd

from voxplain import figures
from voxplain.evaluation.ablation import summarise, verdicts
from voxplain.files import read_table, write_table
from voxplain.logs import job_log

with job_log(snakemake.log[0]):
    given, drawn, score = snakemake.input, snakemake.output, snakemake.params.score
    rows = pd.concat([read_table(path) for path in given.rows], ignore_index=True)
    curves = pd.concat([read_table(path) for path in given.curves], ignore_index=True)
    table = summarise(rows, score)
    write_table(drawn.table, table)
    figures.save(figures.ablation(table, score), table, *drawn.figure)
    figures.save(figures.ablation_convergence(curves), curves, *drawn.convergence)
    print(table.round(3).to_string(index=False))
    print("\n".join(verdicts(table, score)))
