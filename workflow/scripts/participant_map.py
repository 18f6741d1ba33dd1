"""Write one participant's map, a part of its fold's array, as a NIfTI file."""

from voxplain.image.grid import Grid
from voxplain.image.nifti import write_volume
from voxplain.image.stack import Stack
from voxplain.preparation.spaces import nifti_code, write_sidecars
from voxplain.run.files import read_json, read_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    rows = read_table(snakemake.input.rows)
    held_out = rows.loc[rows["set"] == "test", "participant_id"].tolist()
    maps = Stack(snakemake.input.maps)
    grid = Grid.from_dict(read_json(snakemake.input.grid))
    data = maps[held_out.index(snakemake.wildcards.participant)]
    space = snakemake.input.space
    write_volume(snakemake.output.image, data, grid, nifti_code(space))
    write_sidecars([snakemake.output.sidecar], space, [snakemake.input.maps])
