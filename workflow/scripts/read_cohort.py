"""Read and check a cohort: its table, its images' headers and its morphometry."""

import pandas as pd

from voxplain.cohort import check_facts, morphometry, read_participants
from voxplain.files import write_table
from voxplain.logs import job_log

with job_log(snakemake.log[0]):
    p = snakemake.params
    check_facts(p.layout, p.settings, space=p.space, contrast=p.contrast)
    participants = read_participants(
        *(p.layout, p.root, p.settings),
        classes=p.classes,
        exclude=p.exclude,
        n_splits=p.n_splits,
        groups=p.groups,
        shape=p.shape,
        on_missing=p.on_missing,
        registration=p.registration,
    )
    if snakemake.output.morphometry:
        label = [p.settings["label"]] if "label" in p.settings else []
        features = morphometry.read(
            snakemake.input.morphometry, participants["participant_id"].tolist(), *label
        )
        write_table(snakemake.output.morphometry, features.reset_index())
        print(f"{features.shape[1]} features; constant: {features.attrs['constant']}")
        print(f"measures of the whole brain, not used: {features.attrs['global']}")
    write_table(snakemake.output.participants, participants)
    left_out = dict.fromkeys(map(str, p.exclude), "cohort.exclude") | participants.attrs["dropped"]
    write_table(
        snakemake.output.left_out,
        pd.DataFrame(left_out.items(), columns=["participant_id", "reason"]),
    )
    for participant, reason in left_out.items():
        print(f"left out {participant}: {reason}")
    print(participants["class_name"].value_counts().to_string())
