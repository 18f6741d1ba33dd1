"""Group maps of a network of everybody, and of Grad-CAM placed otherwise, against the run's own."""

import pandas as pd

from voxplain.evaluation.maps.group_maps import GroupMaps
from voxplain.evaluation.maps.localisation import planted_voxels
from voxplain.evaluation.maps.transfer import compare_group_maps
from voxplain.image.masked import read_brain
from voxplain.run.files import keyed, write_table
from voxplain.run.logs import job_log

PLACED = {"paper": "features stretched to the box", "receptive_field": "features where they lie"}

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    brain = read_brain(inputs.brain_mask)
    planted = planted_voxels(*inputs.truth, brain.shape) if inputs.truth else None
    of_run = keyed(inputs.own, params.methods)
    others = {
        "one network of everybody": keyed(inputs.everybody, params.everybodys),
        PLACED[params.upsampling]: keyed(inputs.placed, params.placed),
    }
    rows = []
    for changed, paths in others.items():
        for method, path in paths.items():
            maps = GroupMaps.read(of_run[method]).conjoined, GroupMaps.read(path).conjoined
            compared = compare_group_maps(*maps, brain, planted, params.surrogates, params.seed)
            rows.append({"method": method, "changed": changed, **compared})
    table = pd.DataFrame(rows)
    write_table(snakemake.output.table, table)
    print(table.to_string(index=False))
