"""What else differs between the classes, and whether it alone predicts them."""

from voxplain.baselines import head_size
from voxplain.cohort.folds import held_out_folds
from voxplain.evaluation.prediction.confounds import confounds_table, properties
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log
from voxplain.stats.family_blocks import family_codes

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    participants = read_table(inputs.participants)
    sizes = head_size.measured(participants, read_table(inputs.quality))
    table = confounds_table(
        properties(participants, sizes),
        participants["label"].to_numpy(int),
        family_codes(participants),
        held_out_folds(read_table(inputs.folds), participants),
        params.permutations,
        params.seed,
    )
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
