"""Run the study on an embedded cohort of another size and effect, up to its localisation."""

import copy
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from voxplain.errors import VoxplainError
from voxplain.files import write_text
from voxplain.logs import job_log

RUN = "point"

with job_log(snakemake.log[0]):
    p, wildcards = snakemake.params, snakemake.wildcards
    config = copy.deepcopy(p.config)
    config |= {"run": RUN, "seed": config["seed"] + int(wildcards.n)}
    config["cohort"]["layout"] = "synthetic"
    config["cohort"]["synthetic"] |= {
        "n_subjects": int(wildcards.n),
        "effect_size": float(wildcards.effect),
        "null_cohort": False,
    }
    config["folds"]["n_splits"] = p.n_splits
    # the folder that holds the results folder of the study
    folder = Path(snakemake.output.accuracy).parents[3]
    wheels = folder / "results" / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    for wheel in snakemake.input.wheels:
        shutil.copy2(wheel, wheels)
    write_text(folder / "config.yaml", yaml.safe_dump(config))
    tables = [Path(path).relative_to(folder) for path in snakemake.output]
    command = [
        *(sys.executable, "-m", "snakemake", *map(str, tables)),
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
