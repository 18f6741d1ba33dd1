"""The page of one participant, asked for by name."""

import pandas as pd

from voxplain.atlas.labels import load_atlas
from voxplain.image.grid import Grid
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.report.answer import class_names
from voxplain.report.participant import (
    ParticipantResults,
    participant_page,
    participant_viewer,
)
from voxplain.run.files import read_json, read_table, write_text
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    name = snakemake.wildcards.participant
    rows = read_table(inputs.rows[0])
    held_out = rows.loc[rows["set"] == "test", "participant_id"].tolist().index(name)
    maps = {
        method: Stack(path)[held_out]
        for method, path in zip(params.methods, inputs.maps, strict=True)
    }
    participants = read_table(inputs.participants)["participant_id"].tolist()
    image = Stack(inputs.volumes)[participants.index(name)]
    atlases = [
        load_atlas(*atlas)
        for atlas in zip(params.atlases, inputs.atlas_labels, inputs.atlas_names, strict=True)
    ]
    predictions = pd.concat(
        read_table(path).assign(model=model)
        for model, path in zip(params.models, inputs.predictions, strict=True)
    )
    quality = read_table(inputs.quality)
    brain = read_volume(inputs.brain_mask)[0] > 0
    grid = Grid.from_dict(read_json(inputs.grid))
    results = ParticipantResults(
        run=params.config["run"],
        participant=name,
        class_names=class_names(params.config),
        map_fold=params.map_fold,
        predictions=predictions[predictions["participant_id"] == name],
        accuracy=read_table(inputs.accuracy),
        quality=quality[quality["participant_id"] == name],
        viewer=participant_viewer(name, image, brain, grid, maps, atlases),
    )
    write_text(snakemake.output[0], participant_page(results))
