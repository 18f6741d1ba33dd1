"""Mean maps per class and their conjunction, over all folds and per fold, without torch."""

import numpy as np
import pandas as pd

from voxplain.evaluation.maps.group_maps import class_means, count_degenerate, needs_scale
from voxplain.image.grid import Grid
from voxplain.image.nifti import write_volume
from voxplain.image.stack import Stack
from voxplain.preparation.spaces import nifti_code, write_sidecars
from voxplain.run.files import keyed, read_json, read_table, write_table
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
    grid = Grid.from_dict(read_json(inputs.grid))
    code = nifti_code(inputs.space)
    scale = needs_scale(snakemake.wildcards.method)
    maps, rows = keyed(inputs.maps, params.folds), keyed(inputs.rows, params.folds)
    class_images = keyed(outputs.class_maps, params.folds, [*params.classes, "conjoined"])
    all_labels, counts = [], []
    for fold in params.folds:
        table, volumes = read_table(rows[fold]), Stack(maps[fold])
        labels = table.loc[table["set"] == "test", "label"].to_numpy(int)
        means = class_means(volumes, labels, scale)
        for name, mean in means.by_name(params.classes).items():
            write_volume(class_images[fold, name], mean, grid, code)
        counts.append(
            {"fold": fold, "n_maps": len(volumes), "n_degenerate": count_degenerate(volumes)}
        )
        all_labels.append(labels)
    group = class_means(Stack(*inputs.maps), np.concatenate(all_labels), scale)
    group.write(outputs.maps)
    means = group.by_name(params.classes)
    for name, path in keyed(outputs.images, means).items():
        write_volume(path, means[name], grid, code)
    write_sidecars(outputs.sidecars, inputs.space, inputs.maps)
    table = pd.DataFrame(counts)
    table.insert(0, "method", snakemake.wildcards.method)
    write_table(outputs.counts, table)
    print(table.to_string(index=False))
