"""The paper's claims, one row each, with what this run gives and a verdict by rule."""

from voxplain.files import read_table, write_table
from voxplain.logs import job_log
from voxplain.report.claims import build

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    table = build(
        class_names=tuple(p.classes),
        same_cohort=p.same_cohort,
        accuracy=read_table(given.accuracy),
        comparisons=read_table(given.comparisons),
        importances=read_table(given.importances) if given.importances else None,
        masked=read_table(given.masked),
        table2={
            atlas: read_table(path) for atlas, path in zip(p.atlases, given.table2, strict=True)
        },
        table3=read_table(given.table3),
        first_layer=read_table(given.first_layer),
        runtime=read_table(given.runtime),
        robustness=read_table(given.robustness),
    )
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
