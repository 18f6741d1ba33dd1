"""How well another run's models predict this cohort, and both runs' held-out accuracy."""

import numpy as np
import pandas as pd

from voxplain.baselines.models import Baselines
from voxplain.baselines.other_cohort import predict_other_cohort
from voxplain.evaluation.maps.transfer import check_transfer
from voxplain.evaluation.prediction.external import MEAN, WHOLE, held_out_rows, score_external
from voxplain.image.stack import Stack
from voxplain.network.cnn import load_model
from voxplain.network.device import prepare_device
from voxplain.network.training import predict_logits
from voxplain.run.files import read_json, read_table, write_table
from voxplain.run.logs import job_log
from voxplain.stats.family_blocks import bootstrap_weights, label_permutations

with job_log(snakemake.log[0]):
    inputs, params = snakemake.input, snakemake.params
    run, other, source = params.run, params.other_run, params.network["source"]
    device = prepare_device(params.threads, params.gpu)
    whole, about = load_model(inputs.whole, device, source)
    check_transfer(
        about["input"],
        params.input,
        *(read_json(path)["images_sha256"] for path in inputs.provenance),
    )
    networks = [load_model(path, device, source)[0] for path in inputs.models]
    volumes = Stack(inputs.volumes[1])
    logits = {
        WHOLE: predict_logits(whole, volumes),
        MEAN: np.mean([predict_logits(network, volumes) for network in networks], axis=0),
    }
    predictions = {
        ("cnn", fitted_on): (values[:, 1] - values[:, 0], values.argmax(axis=1))
        for fitted_on, values in logits.items()
    }
    theirs, ours = (read_table(path) for path in inputs.participants)
    labels = pd.concat([theirs, ours])["label"].to_numpy(int)
    settings = params.settings, params.seed, params.threads
    sides = [
        Baselines.read(participants, quality, morphometry, *settings)
        for participants, quality, morphometry in zip(
            (theirs, ours), inputs.quality, inputs.morphometry or ["", ""], strict=True
        )
    ]
    fits = predict_other_cohort(params.models, *sides, Stack(*inputs.volumes), labels)
    for model, fitted in fits.items():
        predictions[model, WHOLE] = fitted.scores, fitted.predictions
    weights = bootstrap_weights(ours, params.bootstraps, params.seed)
    permuted = label_permutations(ours, params.permutations, params.seed)
    ids, truth = ours["participant_id"].tolist(), ours["label"].to_numpy(int)
    scored = score_external(predictions, ids, truth, permuted, weights)
    tables = [scored.assign(trained_on=other, tested_on=run)]
    for name, path in zip((run, other), inputs.accuracy, strict=True):
        held_out = held_out_rows(read_table(path), ["cnn", *fits])
        tables.append(held_out.assign(trained_on=name, tested_on=name))
    table = pd.concat(tables, ignore_index=True)
    table = table[["trained_on", "tested_on", *scored.columns]]
    write_table(snakemake.output.table, table)
    print(table.T.to_string())
