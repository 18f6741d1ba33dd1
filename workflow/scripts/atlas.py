"""Bring one atlas into the run: checked labels in their own space, names by value."""

from voxplain.atlas.files import open_atlas
from voxplain.atlas.place import check_place
from voxplain.image.nifti import write_volume
from voxplain.run.files import write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    opened = open_atlas(snakemake.params.atlas, snakemake.input.get("wheel"))
    atlas, notes = check_place(opened)
    print(f"{atlas.name}: {len(atlas.table)} regions; named but absent: {atlas.absent}")
    print(*notes, sep="\n")
    write_volume(snakemake.output.labels, atlas.labels, atlas.grid)
    write_table(snakemake.output.names, atlas.table)
