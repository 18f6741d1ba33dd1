"""Bring one atlas into the run: checked labels in their own space, names by value."""

from voxplain.atlas_files import open_atlas
from voxplain.files import write_table
from voxplain.logs import job_log
from voxplain.nifti import write_volume

with job_log(snakemake.log[0]):
    atlas = open_atlas(snakemake.params.atlas, snakemake.input.get("wheel"))
    print(f"{atlas.name}: {len(atlas.table)} regions; named but absent: {atlas.absent}")
    write_volume(snakemake.output.labels, atlas.labels, atlas.grid)
    write_table(snakemake.output.names, atlas.table)
