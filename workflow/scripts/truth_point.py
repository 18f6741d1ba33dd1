"""Run the study on an embedded cohort of another size and effect, up to its localisation."""

import copy
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
from voxplain.stats.accuracy import accuracy_summary, is_evidence
from voxplain.stats.family_blocks import label_permutations

RUN = "point"


def settings(given: dict, n: int, effect: float, n_splits: int) -> dict:
    """Return the configuration of one point; what the sweep does not read is kept small."""
    config = copy.deepcopy(given) | {"run": RUN, "seed": given["seed"] + n}
    config["cohort"]["layout"] = "synthetic"
    config["cohort"]["synthetic"] |= {
        "n_subjects": n,
        "effect_size": effect,
        "null_cohort": False,
    }
    config["folds"]["n_splits"] = n_splits
    # No model of morphometry is asked for; small cohorts have fewer neighbours than one may want.
    config["baselines"]["knn"]["n_neighbors"] = [1]
    config["attribution"]["training_sample"] = 1
    config["evaluation"]["faithfulness"] |= {"participants": 1, "random_orders": 1}
    return config


with job_log(snakemake.log[0]):
    p, wildcards, output = snakemake.params, snakemake.wildcards, snakemake.output
    config = settings(p.config, int(wildcards.n), float(wildcards.effect), p.n_splits)
    folder, point = Path(output.accuracy).parent, RunPaths(RUN)
    wheels = folder / "results" / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    for wheel in snakemake.input.wheels:
        shutil.copy2(wheel, wheels)
    write_text(folder / "config.yaml", yaml.safe_dump(config))
    predictions = [point.predictions.format(model="cnn", fold=f) for f in fold_names(p.n_splits)]
    tables = [point.table("localisation"), point.table("localisation_controls")]
    command = [
        *(sys.executable, "-m", "snakemake", *predictions, *tables),
        *("--snakefile", p.snakefile, "--directory", str(folder)),
        *("--configfile", str(folder / "config.yaml")),
        *("--cores", str(snakemake.threads), "--rerun-incomplete", "--nolock"),
    ]
    # Snakemake's own settings are not for the Snakemake inside.
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith("SNAKEMAKE_")}
    done = subprocess.run(
        command, env=surroundings, stdout=sys.stdout, stderr=sys.stdout, check=False
    )
    if done.returncode:
        raise VoxplainError(
            f"the study in {folder} stopped; its reason stands above, and running the sweep again "
            "goes on where it stopped"
        )
    participants = read_table(folder / point.participants)
    held_out = read_tables([folder / path for path in predictions])
    permuted = label_permutations(
        participants, config["evaluation"]["permutations"], config["seed"]
    )
    cnn = accuracy_summary(in_order(held_out, participants["participant_id"].tolist()), permuted)
    table = pd.DataFrame([{"model": "cnn", **cnn, "evidence": is_evidence(cnn)}])
    write_table(output.accuracy, table)
