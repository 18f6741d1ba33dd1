"""Every map of the run as a BIDS derivatives dataset."""

from itertools import product
from pathlib import Path

from voxplain.evaluation.maps.group_maps import GroupMaps
from voxplain.export.derivatives import Maps
from voxplain.image.grid import Grid
from voxplain.image.stack import Stack
from voxplain.run.files import keyed, read_json, read_table
from voxplain.run.fingerprints import file_sha256
from voxplain.run.logs import Progress, job_log

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    folder = Path(snakemake.output[0])
    participants = read_table(inputs.participants)
    dataset = Maps(
        folder,
        params.config,
        read_json(inputs.provenance),
        Grid.from_dict(read_json(inputs.grid)),
        participants,
    )
    dataset.write_dataset(read_table(inputs.folds))
    models = {
        fold: {
            "fold": fold,
            "file": str(Path(path).relative_to(folder.parent)),
            "sha256": file_sha256(path),
        }
        for fold, path in keyed(inputs.models, params.folds).items()
    }
    maps = keyed(inputs.maps, params.methods, params.folds)
    rows = keyed(inputs.rows, params.methods, params.folds)
    progress = Progress("folds and methods")
    for k, (method, fold) in enumerate(product(params.methods, params.folds), start=1):
        table = read_table(rows[method, fold])
        dataset.write_participants(method, Stack(maps[method, fold]), table, models[fold])
        progress(k, len(maps))
    sizes = participants["class_name"].value_counts()
    counts = {group: int(sizes.get(group, len(participants))) for group in params.groups}
    for method, path in keyed(inputs.group_maps, params.methods).items():
        dataset.write_groups(method, GroupMaps.read(path).stacked(), counts)
