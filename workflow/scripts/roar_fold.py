"""Train one fold's network again without the voxels that one method marks, and without others."""

import os
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from voxplain.cohort.folds import read_split, rows_of
from voxplain.evaluation.maps.group_maps import class_means, needs_scale
from voxplain.evaluation.maps.overlap import top_fraction
from voxplain.evaluation.trust.deletion_insertion import fill
from voxplain.image.nifti import read_volume
from voxplain.image.stack import Stack
from voxplain.network.checkpoints import Checkpoint
from voxplain.network.cnn import build_network
from voxplain.network.device import prepare_device
from voxplain.network.training import TrainingSettings, predict_logits, train
from voxplain.run.atomic import TEMPORARY
from voxplain.run.files import read_table, write_rows, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.seeds import stream_seed
from voxplain.stats.spatial_null import surrogates

with job_log(snakemake.log[0]), ExitStack() as stack:
    given, p, wildcards = snakemake.input, snakemake.params, snakemake.wildcards
    device = prepare_device(p.threads, p.gpu)
    participants = read_table(given.participants)
    split = read_split(given.split, participants)
    inside, held_out = rows_of(split.train, participants), rows_of(split.test, participants)
    labels = participants["label"].to_numpy(int)
    volumes = Stack(given.volumes)
    brain = read_volume(given.brain_mask)[0] > 0
    sampled = read_table(given.rows).query("set == 'train'")["label"].to_numpy(int)
    group = class_means(Stack(given.maps), sampled, needs_scale(wildcards.method))
    seed = stream_seed(p.seed, "roar", split.fold)
    random = surrogates(group[2], brain, p.roar["random_masks"], seed)
    ranked = [("mask", 0, group[2]), *(("random", draw, one) for draw, one in enumerate(random))]

    # On disk, as large as all images; like files being written, removed after a kill.
    scratch = Path(snakemake.output.table).with_name(f"{TEMPORARY}{os.getpid()}-images.npy")
    fills = scratch.with_name(f"{TEMPORARY}{os.getpid()}-fills.npy")
    for path in (scratch, fills):
        stack.callback(path.unlink, missing_ok=True)
    filled = (fill(p.roar["fill"], image[None], brain, p.sigma)[0] for image in volumes)
    write_rows(fills, volumes.shape, volumes.dtype, filled)
    checkpoint = Checkpoint(Path(p.checkpoint), f"{p.code} {p.network}")
    rows, progress = [], Progress("networks")
    for share in p.roar["shares"]:
        for control, draw, one in ranked:
            marked = top_fraction(one, brain, share)
            pairs = zip(Stack(fills), volumes, strict=True)
            altered = (np.where(marked, other, image) for other, image in pairs)
            write_rows(scratch, volumes.shape, volumes.dtype, altered)
            left = Stack(scratch)
            name = f"fold-{split.fold}, {wildcards.method}, share {share}, {control} {draw}"
            model, _ = train(
                partial(build_network, p.network["source"], p.network["arguments"]),
                left.take(inside),
                labels[inside],
                TrainingSettings(**p.settings),
                stream_seed(p.seed, "training", split.fold),  # that of the intact network
                device,
                checkpoint=checkpoint.part(len(rows), name),
            )
            found = predict_logits(model, left.take(held_out)).argmax(axis=1)
            right = found == labels[held_out]
            row = {"method": wildcards.method, "share": share, "control": control, "draw": draw}
            rows.append(row | {"fold": split.fold, "accuracy": right.mean()})
            progress(len(rows), len(p.roar["shares"]) * len(ranked))
    write_table(snakemake.output.table, pd.DataFrame(rows))
    checkpoint.remove()
