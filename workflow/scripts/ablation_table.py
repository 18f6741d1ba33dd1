"""What each setting of Meaningful Perturbations does to its maps, as table and figures."""

from voxplain.evaluation.trust.ablation import summarise, verdicts
from voxplain.figures.ablation import ablation, ablation_convergence
from voxplain.figures.style import save
from voxplain.run.files import read_tables, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    given, drawn, score = snakemake.input, snakemake.output, snakemake.params.score
    rows = read_tables(given.rows)
    curves = read_tables(given.curves)
    table = summarise(rows, score)
    write_table(drawn.table, table)
    save(ablation(table, score), table, *drawn.figure)
    save(ablation_convergence(curves), curves, *drawn.convergence)
    print(table.round(3).to_string(index=False))
    print("\n".join(verdicts(table, score)))
