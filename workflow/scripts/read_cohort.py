"""Read and check a cohort: its table, its images' headers and its morphometry."""

from voxplain.cohort import morphometry, read_participants
from voxplain.files import write_table
from voxplain.logs import job_log

with job_log(snakemake.log[0]):
    p = snakemake.params
    participants = read_participants(
        p.layout, p.root, p.settings, classes=p.classes, exclude=p.exclude, n_splits=p.n_splits
    )
    if snakemake.output.morphometry:
        label = [] if p.layout == "synthetic" else [p.settings["label"]]
        features = morphometry.read(
            snakemake.input.morphometry, participants["participant_id"].tolist(), *label
        )
        write_table(snakemake.output.morphometry, features.reset_index())
        print(f"{features.shape[1]} features; constant: {features.attrs['constant']}")
    write_table(snakemake.output.participants, participants)
    print(participants["class_name"].value_counts().to_string())
