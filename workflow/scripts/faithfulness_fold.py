"""Deletion and insertion curves of one fold's participants, for every method and control."""

import numpy as np
import pandas as pd

from voxplain import compute
from voxplain.evaluation import faithfulness
from voxplain.files import read_table, write_table
from voxplain.logs import Progress, job_log
from voxplain.network import load_model
from voxplain.nifti import read_volume
from voxplain.seeds import stream_seed

KEYS = ["order", "fill", "test"]
OWN = -1  # in place of a random draw's number: the order of the method's own map

with job_log(snakemake.log[0]):
    given, p = snakemake.input, snakemake.params
    fold = snakemake.wildcards.fold
    device = compute.prepare(snakemake.threads, p.gpu)
    brain = read_volume(given.brain_mask)[0] > 0
    model, _ = load_model(given.model, device, p.network["source"])
    seed = stream_seed(p.seed, "faithfulness", fold)
    participants = read_table(given.participants)["participant_id"].tolist()
    tables = [read_table(path).query("set == 'test'") for path in given.rows]
    maps = [np.load(path, mmap_mode="r") for path in given.maps]
    # Random orders as smooth as the fold's mean map of each method; draw k is the same for all.
    random = {}
    for method, array in zip(p.methods, maps, strict=True):
        drawn = faithfulness.random_orders(
            array.mean(axis=0), brain, p.settings["random_orders"], seed
        )
        random |= {(method, draw): one for draw, one in enumerate(drawn)}

    names = tables[0]["participant_id"].tolist()
    chosen = range(min(p.settings["participants"], len(names)))
    volumes = np.load(given.volumes, mmap_mode="r")
    images = volumes[[participants.index(names[k]) for k in chosen]]
    replacements = faithfulness.fills(images, brain, p.settings["sigma"])
    found, progress = [], Progress("participants")
    for k in chosen:
        orders = {
            (method, OWN): faithfulness.voxel_order(array[k], brain, seed)
            for method, array in zip(p.methods, maps, strict=True)
        }
        curves = faithfulness.curves(
            model,
            images[k],
            int(tables[0]["target"].iloc[k]),
            orders | random,
            {fill: values[k] for fill, values in replacements.items()},
            brain,
        )
        found.append(curves.assign(participant_id=names[k]))
        progress(k + 1, len(chosen))
    curves = pd.concat(found, ignore_index=True)
    curves["method"], draws = zip(*curves["order"], strict=True)
    curves["random"] = np.array(draws) != OWN
    curves["method"] = pd.Categorical(curves["method"], p.methods)
    curves = curves.sort_values(["method", "random"], kind="stable")
    keys = ["method", "test", "fill", "participant_id"]
    areas = faithfulness.areas(curves, [*keys, "order", "random"])
    areas = areas.pivot_table("area", keys, "random", sort=False).reset_index()
    areas = areas.rename(columns={False: "area", True: "random"}).sort_values("method")
    mean = curves.groupby(
        ["method", "random", "test", "fill", "fraction"], sort=False, observed=True
    )
    write_table(snakemake.output.areas, areas.assign(fold=fold))
    mean = mean["probability"].mean().reset_index()
    write_table(snakemake.output.curves, mean.assign(fold=fold, participants=len(chosen)))
