"""Read and check a cohort: its table, its images' headers and its morphometry."""

import numpy as np
import pandas as pd

from voxplain.cohort.layouts import check_facts, read_participants
from voxplain.cohort.morphometry import tables as morphometry
from voxplain.image.archives import split
from voxplain.image.nifti import read_header, write_volume
from voxplain.run.files import write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.manifest import files_fingerprint

with job_log(snakemake.log[0]):
    p, output = snakemake.params, snakemake.output
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
        progress=Progress("something is wrong, so that images are read to their ends"),
    )
    write_table(output.participants, participants)
    left_out = dict.fromkeys(map(str, p.exclude), "cohort.exclude") | participants.attrs["dropped"]
    table = pd.DataFrame(left_out.items(), columns=["participant_id", "reason"])
    write_table(output.left_out, table)
    # Whoever is left out leaves a gap: nobody else changes batches and has to be read again.
    files = participants[["participant_id", "image", "mask", "transform"]]
    stamps = [
        files_fingerprint(split(path)[0] for path in paths if pd.notna(path))
        for _, *paths in files.itertuples(index=False)
    ]
    files = files.assign(files=stamps)
    batches = np.array_split(participants.attrs["listed"], len(output.batches))
    for path, names in zip(output.batches, batches, strict=True):
        write_table(path, files[files["participant_id"].isin(names)])
    if output.template_mask:
        from voxplain.preparation.template import mask_on  # what costs time to import

        grid = read_header(participants["image"].iloc[0]).grid  # that of all
        write_volume(output.template_mask, mask_on(grid), grid)
    if output.morphometry:
        features = morphometry.read(
            snakemake.input.morphometry,
            participants["participant_id"].tolist(),
            *participants.attrs["known_columns"],
        )
        write_table(output.morphometry, features.reset_index())
        print(f"{features.shape[1]} features; constant: {features.attrs['constant']}")
        print(f"measures of the whole brain, not used: {features.attrs['global']}")
    for participant, reason in left_out.items():
        print(f"left out {participant}: {reason}")
    print(participants["class_name"].value_counts().to_string())
