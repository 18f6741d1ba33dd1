"""Table 2: the regions of one atlas that each method's conjoined map marks most."""

import numpy as np
import pandas as pd

from voxplain.atlas.labels import load_atlas
from voxplain.files import read_json, write_table
from voxplain.grid import Grid
from voxplain.logs import job_log
from voxplain.nifti import read_volume
from voxplain.paper import published_regions, same_region
from voxplain.regions import regions_with_null
from voxplain.registration.spaces import require_mni152, write_sidecars

with job_log(snakemake.log[0]):
    p = snakemake.params
    require_mni152(snakemake.input.sidecars)
    grid = Grid.from_dict(read_json(snakemake.input.grid))
    atlas = load_atlas(snakemake.wildcards.atlas, snakemake.input.labels, snakemake.input.names)
    brain = read_volume(snakemake.input.brain_mask)[0] > 0
    published = published_regions(atlas.name)
    tables = []
    for method, path in zip(p.methods, snakemake.input.maps, strict=True):
        conjoined = np.load(path)[2]
        table = regions_with_null(conjoined, atlas, grid, brain, p.equal_area, p.surrogates, p.seed)
        table["paper"] = [
            next((r.score for r in published if same_region(atlas.name, r, value, name)), None)
            for value, name in zip(table["value"], table["name"], strict=True)
        ]
        table.insert(0, "method", method)
        tables.append(table)
        print(f"\n{method}\n{table.head(5).to_string(index=False)}")
    write_table(snakemake.output.table, pd.concat(tables))
    sources = [*snakemake.input.maps, snakemake.input.labels]
    write_sidecars([snakemake.output.sidecar], snakemake.input.sidecars[0], sources)
