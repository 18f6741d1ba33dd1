"""Mean maps per class and their conjunction, over all folds and per fold, without torch."""

import numpy as np
import pandas as pd

from voxplain.evaluation.maps.group_maps import class_means, count_degenerate, needs_scale
from voxplain.image.grid import Grid
from voxplain.image.nifti import write_volume
from voxplain.image.stack import Stack
from voxplain.preparation.spaces import nifti_code, write_sidecars
from voxplain.run.files import read_json, read_table, write_array, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    grid = Grid.from_dict(read_json(snakemake.input.grid))
    code = nifti_code(snakemake.input.space)
    scale = needs_scale(snakemake.wildcards.method)
    class_images = iter(snakemake.output.class_maps)
    all_labels, counts = [], []
    for fold, path, rows in zip(
        snakemake.params.folds, snakemake.input.maps, snakemake.input.rows, strict=True
    ):
        table = read_table(rows)
        maps = Stack(path)
        labels = table.loc[table["set"] == "test", "label"].to_numpy(int)
        for mean in class_means(maps, labels, scale):
            write_volume(next(class_images), mean, grid, code)
        counts.append({"fold": fold, "n_maps": len(maps), "n_degenerate": count_degenerate(maps)})
        all_labels.append(labels)
    group = class_means(Stack(*snakemake.input.maps), np.concatenate(all_labels), scale)
    write_array(snakemake.output.maps, group)
    for path, mean in zip(snakemake.output.images, group, strict=True):
        write_volume(path, mean, grid, code)
    write_sidecars(snakemake.output.sidecars, snakemake.input.space, snakemake.input.maps)
    table = pd.DataFrame(counts)
    table.insert(0, "method", snakemake.wildcards.method)
    write_table(snakemake.output.counts, table)
    print(table.to_string(index=False))
