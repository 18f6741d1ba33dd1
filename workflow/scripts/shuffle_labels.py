"""Permute the labels between families of one size and fold, and inside each family."""

import numpy as np

from voxplain.cohort.folds import held_out_folds
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import job_log
from voxplain.run.seeds import stream_seed
from voxplain.stats.family_blocks import family_codes, permuted_labels

with job_log(snakemake.log[0]):
    params = snakemake.params
    participants = read_table(snakemake.input.participants)
    folds = held_out_folds(read_table(snakemake.input.folds), participants)
    seed = stream_seed(params.seed, "shuffled labels", snakemake.wildcards.rerun)
    labels = participants["label"].to_numpy(int)
    permuted = permuted_labels(labels, family_codes(participants), folds, 1, seed)[0]
    participants = participants.assign(
        label=permuted, class_name=[params.classes[label] for label in permuted]
    )
    write_table(snakemake.output.participants, participants)
    print(f"{np.mean(permuted == labels):.0%} of the participants keep their label")
