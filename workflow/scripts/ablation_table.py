"""What each setting of Meaningful Perturbations does to its maps, as table and figures."""

from voxplain.evaluation.trust.ablation import ablation_table, verdicts
from voxplain.figures.ablation import ablation, ablation_convergence
from voxplain.figures.style import save
from voxplain.run.files import read_tables, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    inputs, outputs, score = snakemake.input, snakemake.output, snakemake.params.score
    rows = read_tables(inputs.rows)
    curves = read_tables(inputs.curves)
    table = ablation_table(rows, score)
    write_table(outputs.table, table)
    save(ablation(table, score), table, *outputs.figure)
    save(ablation_convergence(curves), curves, *outputs.convergence)
    print(table.round(3).to_string(index=False))
    print("\n".join(verdicts(table, score)))
