"""Train one fold's network again without the voxels that one method marks, and without others."""

from functools import partial
from pathlib import Path

import pandas as pd

from voxplain.cohort.folds import read_fold
from voxplain.evaluation.maps.group_maps import class_means, needs_scale
from voxplain.evaluation.trust.roar_runs import ranked_maps, removable_voxels
from voxplain.image.masked import read_brain
from voxplain.image.stack import Stack
from voxplain.network.checkpoints import Checkpoint
from voxplain.network.cnn import build_network
from voxplain.network.device import prepare_device
from voxplain.network.training import TrainingSettings, predict_logits, train
from voxplain.run.files import read_table, write_table
from voxplain.run.logs import Progress, job_log
from voxplain.run.seeds import stream_seed

with job_log(snakemake.log[0]):
    inputs, params, method = snakemake.input, snakemake.params, snakemake.wildcards.method
    roar, network = params.roar, params.network
    device = prepare_device(params.threads, params.gpu)
    fold = read_fold(inputs.split, read_table(inputs.participants))
    brain = read_brain(inputs.brain_mask)
    sampled = read_table(inputs.rows).query("set == 'train'")["label"].to_numpy(int)
    group = class_means(Stack(inputs.maps), sampled, needs_scale(method))
    seed = stream_seed(params.seed, "roar", fold.name)
    ranked = ranked_maps(group.conjoined, brain, roar["random_masks"], seed)

    checkpoint = Checkpoint(Path(params.checkpoint), f"{params.code} {network}")
    rows, progress = [], Progress("networks")
    folder = Path(snakemake.output.table).parent
    with removable_voxels(
        Stack(inputs.volumes), folder, brain, roar["fill"], params.sigma
    ) as removed:
        for share in roar["shares"]:
            for (control, draw), volume in ranked.items():
                images = removed.without(volume, share)
                name = f"fold-{fold.name}, {method}, share {share}, {control} {draw}"
                model, _ = train(
                    partial(build_network, network["source"], network["arguments"]),
                    images.take(fold.train),
                    fold.labels[fold.train],
                    TrainingSettings(**params.settings),
                    stream_seed(params.seed, "training", fold.name),  # that of the intact network
                    device,
                    checkpoint=checkpoint.part(len(rows), name),
                )
                predicted = predict_logits(model, images.take(fold.test)).argmax(axis=1)
                accuracy = (predicted == fold.labels[fold.test]).mean()
                row = {"method": method, "share": share, "control": control, "draw": draw}
                rows.append(row | {"fold": fold.name, "accuracy": accuracy})
                progress(len(rows), len(roar["shares"]) * len(ranked))
    write_table(snakemake.output.table, pd.DataFrame(rows))
    checkpoint.remove()
