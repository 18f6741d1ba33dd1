"""Bring one atlas into the run: checked labels in their own space, names by value."""

from voxplain.atlas.files import load_listed_atlas
from voxplain.image.nifti import write_volume
from voxplain.run.files import write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    atlas = load_listed_atlas(snakemake.params.atlas, snakemake.input.get("wheel"))
    print(f"{atlas.name}: {len(atlas.table)} regions; named but absent: {atlas.absent}")
    print(*atlas.notes, sep="\n")
    write_volume(snakemake.output.labels, atlas.labels, atlas.grid)
    write_table(snakemake.output.names, atlas.table)
