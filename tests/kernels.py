"""The numeric tests under the arithmetic of several processors: ``make test-kernels``.

OpenBLAS, MKL, PyTorch, oneDNN and NumPy choose their kernels by the processor, so the same sums are
added up in another order, and rounded otherwise, on another machine. Environment variables make
them choose as they would there. Each setting below is a run of its own, and is skipped, with the
reason, where this processor or this OpenBLAS cannot do it.

    python tests/kernels.py [SETTING ...]
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
TESTS = [
    "tests/oracles",
    "tests/unit/attribution",
    "tests/unit/baselines",
    "tests/unit/evaluation",
    "tests/unit/image",
    "tests/unit/network",
    "tests/unit/preparation",
    "tests/unit/regions",
    "tests/unit/simulation",
    "tests/unit/stats",
]

# What NumPy found beyond its baseline (SSE4.2): X86_V3 is AVX2, X86_V4 and AVX512_* are AVX-512
FEATURES = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
AVX512 = [name for name in FEATURES if name == "X86_V4" or name.startswith("AVX512")]
# OpenBLAS's Prescott kernels are also its Katmai ones and go by that name.
ALIASES = {"Katmai": "Prescott"}

_PROBE = """
import json, numpy, scipy.linalg, threadpoolctl, torch
print(json.dumps({
    "openblas": sorted({library["architecture"] for library in threadpoolctl.threadpool_info()
                        if library["internal_api"] == "openblas"}),
    "torch": torch.backends.cpu.get_cpu_capability(),
}))
"""


@dataclass(frozen=True)
class Setting:
    """Kernels that a processor would choose, and threads; None leaves the choice to the library."""

    threads: int = 1
    openblas: str | None = None
    torch: str | None = None
    onednn: str | None = None
    mkl: str | None = None
    without: tuple[str, ...] = ()  # NumPy's features

    def environment(self) -> dict[str, str]:
        """Return the environment of a run, free of what this machine sets."""
        variables = {
            "OPENBLAS_CORETYPE": self.openblas,
            "ATEN_CPU_CAPABILITY": self.torch,
            "ONEDNN_MAX_CPU_ISA": self.onednn,
            "MKL_ENABLE_INSTRUCTIONS": self.mkl,
            "NPY_DISABLE_CPU_FEATURES": " ".join(self.without) or None,
            "OMP_NUM_THREADS": str(self.threads),
            "OMP_WAIT_POLICY": "passive",  # waiting threads leave the cores to others
            "OPENBLAS_NUM_THREADS": None,
            "MKL_NUM_THREADS": None,
        }
        kept = {name: value for name, value in os.environ.items() if name not in variables}
        return kept | {name: value for name, value in variables.items() if value is not None}

    def obstacle(self) -> str | None:
        """Return why this setting cannot be run here, if so."""
        if self.torch == "avx512" and not AVX512:
            return "this processor has no AVX-512"
        if self.torch in ("avx2", "avx512") and "X86_V3" not in FEATURES:
            return "this processor has no AVX2"
        kernels = self.kernels()
        blas = {ALIASES.get(name, name) for name in kernels["openblas"]}
        if self.openblas is not None and blas != {self.openblas}:
            return f"this OpenBLAS has no kernels of its own for {self.openblas}"
        if self.torch is not None and kernels["torch"].lower() != self.torch:
            return f"this torch has no kernels for {self.torch}"
        return None

    def kernels(self) -> dict[str, object]:
        """Ask a process with this setting which kernels it has."""
        answer = subprocess.run(
            [sys.executable, "-c", _PROBE],
            env=self.environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        return json.loads(answer.stdout)


HASWELL = Setting(
    openblas="Haswell", torch="avx2", onednn="AVX2", mkl="AVX2", without=tuple(AVX512)
)
SETTINGS = {
    "own": Setting(),
    "own-2-threads": Setting(threads=2),
    "haswell": HASWELL,
    "haswell-2-threads": replace(HASWELL, threads=2),
    "zen": replace(HASWELL, openblas="Zen"),
    "skylakex": Setting(openblas="SkylakeX", torch="avx512"),
    "prescott": Setting(
        openblas="Prescott",
        torch="default",
        onednn="SSE41",
        mkl="SSE4_2",
        without=tuple(FEATURES),
    ),
}


def main(names: list[str]) -> int:
    """Run the tests under each setting; return 1 if one of them failed."""
    unknown = sorted(set(names) - set(SETTINGS))
    if unknown:
        sys.exit(f"no setting {', '.join(unknown)}; choose among {', '.join(SETTINGS)}")
    results = {}
    for name in names or SETTINGS:
        setting = SETTINGS[name]
        print(f"== {name}: {setting}", flush=True)
        obstacle = setting.obstacle()
        if obstacle is not None:
            results[name] = f"skipped: {obstacle}"
            continue
        start = time.monotonic()
        workers = ["-n", "2"] if setting.threads == 1 else []
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-m", "not slow", *workers, *TESTS],
            cwd=ROOT,
            env=setting.environment(),
            check=False,
        )
        verdict = "passed" if run.returncode == 0 else f"FAILED (exit status {run.returncode})"
        results[name] = f"{verdict} in {time.monotonic() - start:.0f} s"
    print(*(f"{name:20}{result}" for name, result in results.items()), sep="\n")
    return int(any("FAILED" in result for result in results.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
