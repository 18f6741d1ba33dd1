"""What else differs between the classes, and whether it alone predicts them."""

from voxplain.baselines import head_size
from voxplain.cohort.folds import held_out_folds
from voxplain.evaluation.prediction.confounds import confounds_table, properties
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log
from voxplain.stats.family_blocks import family_codes

with job_log(snakemake.log[0]):
    p, given = snakemake.params, snakemake.input
    participants = read_table(given.participants)
    sizes = head_size.measured(participants, read_table(given.quality))
    table = confounds_table(
        properties(participants, sizes),
        participants["label"].to_numpy(int),
        family_codes(participants),
        held_out_folds(read_table(given.folds), participants),
        p.permutations,
        p.seed,
    )
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
