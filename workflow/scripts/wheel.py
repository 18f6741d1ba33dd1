"""Download a wheel for the atlas files in it."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from voxplain.errors import AtlasError
from voxplain.logs import job_log

with job_log(snakemake.log[0]):
    output, wheel = Path(snakemake.output[0]), snakemake.wildcards.wheel
    # beside the output: a rename is atomic only within one file system
    prefix = f".tmp-{wheel}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=output.parent) as folder:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        done = subprocess.run(
            [*command, "--dest", folder, wheel], stdout=sys.stdout, stderr=sys.stdout, check=False
        )
        if done.returncode:
            raise AtlasError(
                f"{wheel} could not be downloaded, see {snakemake.log[0]}; check the connection, "
                f"or put the wheel at {output}"
            )
        next(Path(folder).glob("*.whl")).replace(output)
    for leftover in output.parent.glob(f"{prefix}*"):  # of downloads that were killed
        shutil.rmtree(leftover)
