"""Draw the folds that every model uses."""

from voxplain.cohort.folds import check_inner_folds, folds_table, make_splits
from voxplain.run.files import read_table, write_json, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    participants = read_table(snakemake.input.participants)
    p = snakemake.params
    splits = make_splits(participants, p.n_splits, p.seed, p.groups)
    if p.neighbours:
        check_inner_folds(splits, p.inner_splits, p.neighbours)
    for split, path in zip(splits, snakemake.output.splits, strict=True):
        write_json(path, split.to_dict())
    table = folds_table(splits, participants)
    write_table(snakemake.output.folds, table)
    print(table.groupby("fold")["class_name"].value_counts().unstack().to_string())
