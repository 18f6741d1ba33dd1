"""Cut one participant's map out of its fold's array into a NIfTI file."""

from voxplain.files import read_json, read_table
from voxplain.grid import Grid
from voxplain.logs import job_log
from voxplain.nifti import write_volume
from voxplain.registration.spaces import nifti_code, write_sidecars
from voxplain.stack import Stack

with job_log(snakemake.log[0]):
    rows = read_table(snakemake.input.rows)
    held_out = rows.loc[rows["set"] == "test", "participant_id"].tolist()
    maps = Stack(snakemake.input.maps)
    grid = Grid.from_dict(read_json(snakemake.input.grid))
    data = maps[held_out.index(snakemake.wildcards.participant)]
    space = snakemake.input.space
    write_volume(snakemake.output.image, data, grid, nifti_code(space))
    write_sidecars([snakemake.output.sidecar], space, [snakemake.input.maps])
