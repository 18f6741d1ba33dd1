"""What each setting of Meaningful Perturbations does to its maps, as table and figures."""

from voxplain import figures
from voxplain.evaluation.trust.ablation import summarise, verdicts
from voxplain.run.files import read_tables, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    given, drawn, score = snakemake.input, snakemake.output, snakemake.params.score
    rows = read_tables(given.rows)
    curves = read_tables(given.curves)
    table = summarise(rows, score)
    write_table(drawn.table, table)
    figures.save(figures.ablation(table, score), table, *drawn.figure)
    figures.save(figures.ablation_convergence(curves), curves, *drawn.convergence)
    print(table.round(3).to_string(index=False))
    print("\n".join(verdicts(table, score)))
