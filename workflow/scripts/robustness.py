"""Sanity and stability of all methods, participant by participant, summed up."""

from voxplain.evaluation.trust.sanity_and_stability import average_over_participants
from voxplain.run.files import read_tables, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    rows = read_tables(snakemake.input)
    # section 6 of Kan 2020 calls these the least sensitive
    table = average_over_participants(rows, steadiest="meaningful_perturbation")
    write_table(snakemake.output.table, table)
    print(table.round(3).to_string(index=False))
