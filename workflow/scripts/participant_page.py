"""The page of one participant, asked for by name."""

import pandas as pd

from voxplain.atlas.labels import load_atlas
from voxplain.image.grid import Grid
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.report import participant
from voxplain.run.files import read_json, read_table, write_text
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    given, p, name = snakemake.input, snakemake.params, snakemake.wildcards.participant
    rows = read_table(given.rows[0])
    held_out = rows.loc[rows["set"] == "test", "participant_id"].tolist().index(name)
    maps = {
        method: Stack(path)[held_out] for method, path in zip(p.methods, given.maps, strict=True)
    }
    everybody = read_table(given.participants)["participant_id"].tolist()
    image = Stack(given.volumes)[everybody.index(name)]
    atlases = [
        load_atlas(*atlas)
        for atlas in zip(p.atlases, given.atlas_labels, given.atlas_names, strict=True)
    ]
    predictions = pd.concat(
        read_table(path).assign(model=model)
        for model, path in zip(p.models, given.predictions, strict=True)
    )
    quality = read_table(given.quality)
    page = participant.build(
        {
            "run": p.config["run"],
            "participant": name,
            "config": p.config,
            "map_fold": p.map_fold,
            "predictions": predictions[predictions["participant_id"] == name],
            "accuracy": read_table(given.accuracy),
            "quality": quality[quality["participant_id"] == name],
            "viewer": participant.participant_viewer(
                name,
                image,
                read_volume(given.brain_mask)[0] > 0,
                Grid.from_dict(read_json(given.grid)),
                maps,
                atlases,
            ),
        }
    )
    write_text(snakemake.output[0], page)
