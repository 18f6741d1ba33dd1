"""What made this run: settings, versions, machine and checksums of the inputs."""

from pathlib import Path

import yaml

from voxplain.run.environment import environment
from voxplain.run.files import read_json, read_table, write_json, write_text
from voxplain.run.fingerprints import file_sha256
from voxplain.run.logs import job_log

with job_log(snakemake.log[0]):
    participants = read_table(snakemake.input.participants)
    metrics = [read_json(path) for path in snakemake.input.metrics]
    write_json(
        snakemake.output.record,
        {
            "config": snakemake.params.config,
            "versions": environment(),
            "device": sorted({fold["device"] for fold in metrics}),
            "seeds": {fold["fold"]: fold["seed"] for fold in metrics},
            "participants_sha256": file_sha256(snakemake.input.participants),
            "tables_sha256": {
                Path(path).name: file_sha256(path) for path in snakemake.input.tables
            },
            "images_sha256": {
                row.participant_id: file_sha256(row.image) for row in participants.itertuples()
            },
        },
    )
    # In the given order: to Snakemake, settings in another order are other settings.
    settings = yaml.safe_dump(snakemake.params.config, allow_unicode=True, sort_keys=False)
    write_text(snakemake.output.settings, settings)
