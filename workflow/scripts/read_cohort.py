"""Read and check a cohort: its table, its images' headers and its morphometry."""

import numpy as np
import pandas as pd

from voxplain.cohort.checks import Requirements
from voxplain.cohort.layouts import check_facts, read_cohort
from voxplain.cohort.morphometry import tables as morphometry
from voxplain.image.archives import split
from voxplain.image.nifti import read_header, write_volume
from voxplain.preparation.settings import RegistrationSettings
from voxplain.run.files import write_table
from voxplain.run.fingerprints import files_fingerprint
from voxplain.run.logs import Progress, job_log

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    check_facts(params.layout, params.settings, space=params.space, contrast=params.contrast)
    required = Requirements(
        classes=params.classes,
        exclude=params.exclude,
        n_splits=params.n_splits,
        groups=params.groups,
        shape=params.shape,
        on_missing=params.on_missing,
        registration=RegistrationSettings(**params.registration),
    )
    progress = Progress("there are problems, so all images are read to their ends")
    cohort = read_cohort(params.layout, params.root, params.settings, required, progress)
    participants = cohort.participants
    write_table(outputs.participants, participants)
    left_out = dict.fromkeys(map(str, params.exclude), "cohort.exclude") | cohort.dropped
    table = pd.DataFrame(left_out.items(), columns=["participant_id", "reason"])
    write_table(outputs.left_out, table)
    # Whoever is left out leaves a gap: nobody else changes batches and has to be read again.
    files = participants[["participant_id", "image", "mask", "transform"]]
    stamps = [
        files_fingerprint(split(path)[0] for path in paths if pd.notna(path))
        for _, *paths in files.itertuples(index=False)
    ]
    files = files.assign(files=stamps)
    batches = np.array_split(cohort.listed, len(outputs.batches))
    for path, names in zip(outputs.batches, batches, strict=True):
        write_table(path, files[files["participant_id"].isin(names)])
    if outputs.template_mask:
        from voxplain.preparation.template import mask_on  # what costs time to import

        grid = read_header(participants["image"].iloc[0]).grid  # that of all
        write_volume(outputs.template_mask, mask_on(grid), grid)
    if outputs.morphometry:
        ids = participants["participant_id"].tolist()
        measured = morphometry.read(inputs.morphometry, ids, cohort.known_columns)
        write_table(outputs.morphometry, measured.features.reset_index())
        print(f"{measured.features.shape[1]} features; constant: {measured.constant}")
        print(f"measures of the whole brain, not used: {measured.whole_brain}")
    for participant, reason in left_out.items():
        print(f"left out {participant}: {reason}")
    print(participants["class_name"].value_counts().to_string())
