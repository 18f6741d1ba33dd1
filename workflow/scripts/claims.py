"""The paper's claims, one row each, with what this run gives and a verdict by rule."""

from pathlib import Path

from voxplain.claims.table import PEOPLE, build, check_reference
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    paths = [*given.tables, given.participants]
    tables = {Path(path).stem: read_table(path) for path in paths}
    reference = None
    if given.reference:
        theirs, participants = (read_table(path) for path in given.reference)
        check_reference(tables[PEOPLE], participants, p.kan2020_run)
        reference = theirs
    table = build(tables, tuple(p.classes), p.same_cohort, reference, p.rules)
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
