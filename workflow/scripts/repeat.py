"""Models without a network on newly drawn folds, families kept together and divided."""

from voxplain.baselines.models import Baselines
from voxplain.evaluation.prediction.repeats import score_repeat
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log
from voxplain.run.seeds import stream_seed
from voxplain.run.threads import use_threads

with job_log(snakemake.log[0]):
    inputs, params, repeat = snakemake.input, snakemake.params, snakemake.wildcards.repeat
    use_threads(params.threads)
    participants = read_table(inputs.participants)
    baselines = Baselines.read_job(participants, inputs, params)
    groups = {"together": "family" if params.groups == "none" else params.groups}
    if participants["family_id"].notna().any():
        groups["divided"] = "none"
    seed = stream_seed(params.seed, "repeat", repeat)
    table = score_repeat(
        baselines.predict, participants, params.models, groups, params.n_splits, seed
    )
    table.insert(1, "repeat", repeat)
    write_table(snakemake.output.table, table)
