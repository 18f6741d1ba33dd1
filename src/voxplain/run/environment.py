"""The machine and the package versions of a run."""

import importlib.metadata
import os
import platform
import sys
from pathlib import Path

RECORDED_PACKAGES = (
    "voxplain",
    "torch",
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "xgboost",
    "statsmodels",
    "nibabel",
    "nilearn",
    "isal",
    "matplotlib",
    "seaborn",
    "snakemake",
)


def environment() -> dict[str, str]:
    """Return the versions of Python and the `RECORDED_PACKAGES`, the processor and the memory."""
    versions = {name: importlib.metadata.version(name) for name in RECORDED_PACKAGES}
    return {
        "python": sys.version.split()[0],
        **versions,
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{ram_mb() / 1000:.0f} GB",
    }


def ram_mb() -> float:
    """Return the machine's memory in megabytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
