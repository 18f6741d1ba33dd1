"""The paper's claims, one row each, with what this run gives and a verdict by rule."""

from voxplain.claims.table import check_reference, claims_table
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log
from voxplain.run.tables import ResultTables, tables_by_name

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    tables = ResultTables(**tables_by_name([*inputs.tables, inputs.participants]))
    reference = None
    if inputs.reference:
        reference, participants = (read_table(path) for path in inputs.reference)
        check_reference(tables.participants, participants, params.kan2020_run)
    classes = tuple(params.classes)
    claims = claims_table(tables, classes, params.same_cohort, reference, params.rules)
    write_table(snakemake.output.table, claims)
    print(claims.to_string(index=False))
