"""Draw the folds that every model uses."""

from voxplain.cohort.folds import check_inner_folds, folds_table, make_splits
from voxplain.run.files import read_table, write_json, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    params, outputs = snakemake.params, snakemake.output
    participants = read_table(snakemake.input.participants)
    splits = make_splits(participants, params.n_splits, params.seed, params.groups)
    if params.neighbours:
        check_inner_folds(splits, params.inner_splits, params.neighbours)
    for split, path in zip(splits, outputs.splits, strict=True):
        write_json(path, split.to_dict())
    table = folds_table(splits, participants)
    write_table(outputs.folds, table)
    print(table.groupby("fold")["class_name"].value_counts().unstack().to_string())
