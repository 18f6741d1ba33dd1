"""Run the study on an embedded cohort of another size and effect, up to its localisation."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import yaml

from voxplain.errors import VoxplainError
from voxplain.evaluation.prediction.table import in_order
from voxplain.run.files import read_table, read_tables, write_table, write_text
from voxplain.run.logs import job_log
from voxplain.run.paths import RunPaths, fold_names
from voxplain.simulation.truth_points import RUN, point_settings
from voxplain.stats.accuracy import accuracy_summary, is_evidence
from voxplain.stats.family_blocks import label_permutations

with job_log(snakemake.log[0]):
    params, wildcards, outputs = snakemake.params, snakemake.wildcards, snakemake.output
    n, effect = int(wildcards.n), float(wildcards.effect)
    config = point_settings(params.config, n, effect, params.n_splits)
    folder, point = Path(outputs.accuracy).parent, RunPaths(RUN)
    wheels = folder / "results" / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    for wheel in snakemake.input.wheels:
        shutil.copy2(wheel, wheels)
    write_text(folder / "config.yaml", yaml.safe_dump(config))
    folds = fold_names(params.n_splits)
    predictions = [point.predictions.format(model="cnn", fold=fold) for fold in folds]
    tables = [point.table("localisation"), point.table("localisation_controls")]
    command = [sys.executable, "-m", "snakemake", *predictions, *tables]
    command += ["--snakefile", params.snakefile, "--directory", str(folder)]
    command += ["--configfile", str(folder / "config.yaml"), "--cores", str(snakemake.threads)]
    command += ["--rerun-incomplete", "--nolock"]
    # Snakemake's own settings are not for the Snakemake inside.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SNAKEMAKE_")}
    done = subprocess.run(
        command, env=environment, stdout=sys.stdout, stderr=sys.stdout, check=False
    )
    if done.returncode:
        raise VoxplainError(
            f"the study in {folder} stopped; its reason stands above. Running the sweep again "
            "resumes it"
        )
    participants = read_table(folder / point.participants)
    held_out = read_tables([folder / path for path in predictions])
    permuted = label_permutations(
        participants, config["evaluation"]["permutations"], config["seed"]
    )
    cnn = accuracy_summary(in_order(held_out, participants["participant_id"].tolist()), permuted)
    table = pd.DataFrame([{"model": "cnn", **cnn, "evidence": is_evidence(cnn)}])
    write_table(outputs.accuracy, table)
