"""Note which modules of voxplain each job of a workflow has imported, when the job ends.

Python imports this module at its start where the folder is in PYTHONPATH.
"""

import atexit
import json
import os
import sys
from pathlib import Path


def note():
    """Write one line for a job of Snakemake's, and nothing for any other process."""
    job = getattr(sys.modules["__main__"], "snakemake", None)
    if job is None:
        return
    record = {
        "rule": job.rule,
        "script": Path(sys.argv[0]).name.partition(".")[2],
        "method": dict(job.wildcards.items()).get("method"),
        "code": job.params.get("code"),
        "modules": [name for name in sys.modules if name.partition(".")[0] == "voxplain"],
    }
    with open(os.environ["VOXPLAIN_RECORD"], "a") as file:  # one write, which appends as a whole
        file.write(json.dumps(record) + "\n")


if "VOXPLAIN_RECORD" in os.environ:
    atexit.register(note)
