"""Write requirements.lock, envs/cpu.yaml and envs/gpu.yaml from a fresh installation.

Run `make lock`: it builds a virtual environment from pyproject.toml and hands its `pip freeze` to
this script on standard input. One list of pins thus serves pip, conda and CI.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONDA = """\
# {what} Written by `make lock`; the same pins as requirements.lock.
channels: [conda-forge, nodefaults]
dependencies:
  - python=3.11
  - pip
  - pip:
{options}{pins}
"""
VARIANTS = {
    "cpu": ("CPU build of torch.", ["--extra-index-url https://download.pytorch.org/whl/cpu"]),
    "gpu": ("CUDA build of torch, as PyPI serves it for Linux.", []),
}
# XGBoost asks for NVIDIA's communication library on Linux only.
MARKERS = {"nvidia-nccl-cu12": ' ; platform_system == "Linux"'}


def main() -> None:
    """Sort the pins and write the three files."""
    frozen = [line.strip() for line in sys.stdin if "==" in line and line[0] not in "-#"]
    pins = sorted((line.partition("+")[0] for line in frozen), key=str.lower)
    torch = [pin for pin in pins if pin.startswith("torch==")]
    others = [pin + MARKERS.get(pin.partition("==")[0], "") for pin in pins if pin not in torch]
    head = "# Written by `make lock`: every package but torch (requirements-torch.txt).\n"
    (ROOT / "requirements.lock").write_text(head + "\n".join(others) + "\n")
    (ROOT / "requirements-torch.txt").write_text(
        "# Apart from requirements.lock, because CPU and CUDA builds come from different places.\n"
        + torch[0]
        + "\n"
    )
    for name, (what, options) in VARIANTS.items():
        lines = "".join(f"      - {line}\n" for line in options)
        listed = "\n".join(f"      - {pin}" for pin in torch + others)
        text = CONDA.format(what=what, options=lines, pins=listed)
        (ROOT / "envs" / f"{name}.yaml").write_text(text)


if __name__ == "__main__":
    main()
