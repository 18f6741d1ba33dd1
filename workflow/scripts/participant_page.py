"""The page of one participant, asked for by name."""

import pandas as pd

from voxplain.atlas.labels import read_atlases
from voxplain.image.grid import Grid
from voxplain.image.masked import read_brain
from voxplain.image.stack import Stack
from voxplain.report.answer import class_names
from voxplain.report.participant import (
    ParticipantResults,
    participant_page,
    participant_viewer,
)
from voxplain.run.files import keyed, read_json, read_table, write_text
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    name = snakemake.wildcards.participant
    rows = read_table(inputs.rows[0])
    held_out = rows.loc[rows["set"] == "test", "participant_id"].tolist().index(name)
    paths = keyed(inputs.maps, params.methods)
    maps = {method: Stack(path)[held_out] for method, path in paths.items()}
    participants = read_table(inputs.participants)["participant_id"].tolist()
    image = Stack(inputs.volumes)[participants.index(name)]
    atlases = read_atlases(params.atlases, inputs.atlas_labels, inputs.atlas_names)
    paths = keyed(inputs.predictions, params.models)
    tables = [read_table(path).assign(model=model) for model, path in paths.items()]
    predictions, quality = pd.concat(tables), read_table(inputs.quality)
    brain = read_brain(inputs.brain_mask)
    grid = Grid.from_dict(read_json(inputs.grid))
    results = ParticipantResults(
        run=params.config["run"],
        participant=name,
        class_names=class_names(params.config),
        map_fold=params.map_fold,
        predictions=predictions[predictions["participant_id"] == name],
        accuracy=read_table(inputs.accuracy),
        quality=quality[quality["participant_id"] == name],
        viewer=participant_viewer(name, image, brain, grid, maps, list(atlases.values())),
    )
    write_text(snakemake.output[0], participant_page(results))
