"""Figures of maps: Fig. 2a to c of the paper, projections, folds, participants, quality control."""

import numpy as np
import pandas as pd

from voxplain.cohort.quality import by_severity
from voxplain.evaluation.maps.group_maps import GroupMaps
from voxplain.figures.attention import attention, attention_data
from voxplain.figures.projections import projections, projections_data
from voxplain.figures.quality import MOST_SUSPECTS, middle, quality_montage
from voxplain.figures.stability import fold_correlations, stability
from voxplain.figures.style import note, save
from voxplain.figures.subjects import first_of_each_class, peak_level, subjects, subjects_data
from voxplain.image.grid import Grid
from voxplain.image.masked import read_brain
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.run.files import keyed, read_json, read_table
from voxplain.run.logs import job_log

PANELS = {"meaningful_perturbation": "fig2a", "guided_backprop": "fig2b", "grad_cam": "fig2c"}

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    affine = Grid.from_dict(read_json(inputs.grid)).affine
    mean, brain = read_volume(inputs.mean)[0], read_brain(inputs.brain_mask)
    group_maps = keyed(inputs.maps, params.methods)
    maps = {method: GroupMaps.read(path) for method, path in group_maps.items()}
    for method, name in PANELS.items():
        if method in maps:
            about = method, params.classes, params.thresholds[method]
            shown = (maps[method].stacked(), affine, mean, brain, *about)
            figure, data = attention(*shown), attention_data(*shown)
        else:
            words = f"{method} is not among this run's attribution.methods."
            figure, data = note(words), pd.DataFrame({"note": [words]})
        save(figure, data, *outputs[name])

    conjoined = {method: group.conjoined for method, group in maps.items()}
    if outputs.projections:
        images = keyed(params.images, params.methods)
        data = projections_data(conjoined, affine, brain, images)
        save(projections(conjoined, affine), data, *outputs.projections)
    if outputs.stability:
        fold_maps = keyed(inputs.fold_maps, params.methods, params.folds)
        by_fold = {key: read_volume(path)[0] for key, path in fold_maps.items()}
        table = fold_correlations(by_fold, brain)
        save(stability(table), table, *outputs.stability)

    ids = read_table(inputs.participants)["participant_id"].tolist()
    volumes = Stack(inputs.volumes)
    people = first_of_each_class(read_table(inputs.rows[0]), tuple(params.classes))
    images = np.stack([volumes[ids.index(name)] for name in people["participant_id"]])
    files = keyed(inputs.subject_maps, params.methods)
    subject_maps = {method: Stack(path)[people.index] for method, path in files.items()}
    levels = {method: peak_level(volume, brain) for method, volume in conjoined.items()}
    data = subjects_data(subject_maps, people, levels, affine, files)
    figure = subjects(images, subject_maps, people, levels, affine)
    save(figure, data, *outputs.subjects)

    worst = by_severity(read_table(inputs.quality)).head(MOST_SUSPECTS)
    worst = worst[["participant_id", "correlation", "reason"]]
    rows = worst.itertuples(index=False)
    suspects = [(name, volumes[ids.index(name)], *shown) for name, *shown in rows]
    data = worst.assign(**middle(mean.shape, affine))
    save(quality_montage(mean, affine, suspects), data, *outputs.quality)
