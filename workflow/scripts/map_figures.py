"""Figures of maps: Fig. 2a to c of the paper, and the cohort's quality control."""

import numpy as np

from voxplain import figures
from voxplain.cohort.quality import by_severity
from voxplain.files import read_json, read_table
from voxplain.grid import Grid
from voxplain.logs import job_log
from voxplain.nifti import read_volume

PANELS = {"meaningful_perturbation": "fig2a", "guided_backprop": "fig2b", "grad_cam": "fig2c"}

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    affine = Grid.from_dict(read_json(given.grid)).affine
    mean = read_volume(given.mean)[0]
    brain = read_volume(given.brain_mask)[0] > 0
    maps = dict(zip(p.methods, given.maps, strict=True))
    for method, name in PANELS.items():
        if method in maps:
            figure = figures.attention(
                np.load(maps[method]),
                affine,
                mean,
                brain,
                method,
                tuple(p.classes),
                p.thresholds[method],
            )
        else:
            figure = figures.note(f"{method} is not among this run's attribution.methods.")
        figures.save(figure, *snakemake.output[name])

    participants = read_table(given.participants)["participant_id"].tolist()
    volumes = np.load(given.volumes, mmap_mode="r")
    suspects = [
        (row.participant_id, volumes[participants.index(row.participant_id)], *row[-2:])
        for row in by_severity(read_table(given.quality))
        .head(figures.MOST_SUSPECTS)[["participant_id", "correlation", "reason"]]
        .itertuples()
    ]
    figures.save(figures.quality_montage(mean, affine, suspects), *snakemake.output.quality)
