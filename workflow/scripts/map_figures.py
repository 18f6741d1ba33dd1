"""Figures of maps: Fig. 2a to c of the paper, projections, folds, participants, quality control."""

from itertools import product

import numpy as np
import pandas as pd

from voxplain import figures
from voxplain.cohort.quality import by_severity
from voxplain.image.grid import Grid
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.run.files import read_json, read_table
from voxplain.run.logs import job_log

PANELS = {"meaningful_perturbation": "fig2a", "guided_backprop": "fig2b", "grad_cam": "fig2c"}

with job_log(snakemake.log[0]):
    given, drawn, p = snakemake.input, snakemake.output, snakemake.params
    affine = Grid.from_dict(read_json(given.grid)).affine
    mean = read_volume(given.mean)[0]
    brain = read_volume(given.brain_mask)[0] > 0
    maps = {method: np.load(path) for method, path in zip(p.methods, given.maps, strict=True)}
    for method, name in PANELS.items():
        if method in maps:
            shown = (maps[method], affine, mean, brain, method, p.classes, p.thresholds[method])
            figure, data = figures.attention(*shown), figures.attention_data(*shown)
        else:
            words = f"{method} is not among this run's attribution.methods."
            figure, data = figures.note(words), pd.DataFrame({"note": [words]})
        figures.save(figure, data, *drawn[name])

    conjoined = {method: volumes[2] for method, volumes in maps.items()}
    if drawn.projections:
        images = dict(zip(p.methods, p.images, strict=True))
        figure = figures.projections(conjoined, affine)
        data = figures.projections_data(conjoined, affine, brain, images)
        figures.save(figure, data, *drawn.projections)
    if drawn.stability:
        folds = product(p.methods, p.folds)
        by_fold = {k: read_volume(f)[0] for k, f in zip(folds, given.fold_maps, strict=True)}
        table = figures.fold_correlations(by_fold, brain)
        figures.save(figures.stability(table), table, *drawn.stability)

    participants = read_table(given.participants)["participant_id"].tolist()
    volumes = Stack(given.volumes)
    people = figures.first_of_each_class(read_table(given.rows[0]), tuple(p.classes))
    images = np.stack([volumes[participants.index(name)] for name in people["participant_id"]])
    files = dict(zip(p.methods, given.subject_maps, strict=True))
    own = {method: Stack(path)[people.index] for method, path in files.items()}
    levels = {method: figures.peak_level(volume, brain) for method, volume in conjoined.items()}
    figure = figures.subjects(images, own, people, levels, affine)
    data = figures.subjects_data(own, people, levels, affine, files)
    figures.save(figure, data, *drawn.subjects)

    worst = by_severity(read_table(given.quality)).head(figures.MOST_SUSPECTS)
    worst = worst[["participant_id", "correlation", "reason"]]
    suspects = [
        (row.participant_id, volumes[participants.index(row.participant_id)], *row[-2:])
        for row in worst.itertuples()
    ]
    data = worst.assign(**figures.middle(mean.shape, affine))
    figures.save(figures.quality_montage(mean, affine, suspects), data, *drawn.quality)
