"""Figures of maps: Fig. 2a to c of the paper, projections, folds, participants, quality control."""

from itertools import product

import numpy as np
import pandas as pd

from voxplain.cohort.quality import by_severity
from voxplain.figures.attention import attention, attention_data
from voxplain.figures.projections import projections, projections_data
from voxplain.figures.quality import MOST_SUSPECTS, middle, quality_montage
from voxplain.figures.stability import fold_correlations, stability
from voxplain.figures.style import note, save
from voxplain.figures.subjects import first_of_each_class, peak_level, subjects, subjects_data
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
            figure, data = attention(*shown), attention_data(*shown)
        else:
            words = f"{method} is not among this run's attribution.methods."
            figure, data = note(words), pd.DataFrame({"note": [words]})
        save(figure, data, *drawn[name])

    conjoined = {method: volumes[2] for method, volumes in maps.items()}
    if drawn.projections:
        images = dict(zip(p.methods, p.images, strict=True))
        figure = projections(conjoined, affine)
        data = projections_data(conjoined, affine, brain, images)
        save(figure, data, *drawn.projections)
    if drawn.stability:
        folds = product(p.methods, p.folds)
        by_fold = {k: read_volume(f)[0] for k, f in zip(folds, given.fold_maps, strict=True)}
        table = fold_correlations(by_fold, brain)
        save(stability(table), table, *drawn.stability)

    participants = read_table(given.participants)["participant_id"].tolist()
    volumes = Stack(given.volumes)
    people = first_of_each_class(read_table(given.rows[0]), tuple(p.classes))
    images = np.stack([volumes[participants.index(name)] for name in people["participant_id"]])
    files = dict(zip(p.methods, given.subject_maps, strict=True))
    own = {method: Stack(path)[people.index] for method, path in files.items()}
    levels = {method: peak_level(volume, brain) for method, volume in conjoined.items()}
    figure = subjects(images, own, people, levels, affine)
    data = subjects_data(own, people, levels, affine, files)
    save(figure, data, *drawn.subjects)

    worst = by_severity(read_table(given.quality)).head(MOST_SUSPECTS)
    worst = worst[["participant_id", "correlation", "reason"]]
    suspects = [
        (row.participant_id, volumes[participants.index(row.participant_id)], *row[-2:])
        for row in worst.itertuples()
    ]
    data = worst.assign(**middle(mean.shape, affine))
    save(quality_montage(mean, affine, suspects), data, *drawn.quality)
