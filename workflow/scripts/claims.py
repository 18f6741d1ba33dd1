"""The paper's claims, one row each, with what this run gives and a verdict by rule."""

from pathlib import Path

from voxplain.files import read_table, write_table
from voxplain.logs import job_log
from voxplain.report.claims import PEOPLE, build, check_reference

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
