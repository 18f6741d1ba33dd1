"""Write every pin of the project from a fresh installation.

Run `make lock`: it builds a virtual environment from pyproject.toml and hands its `pip freeze` to
this script on standard input. So pip, conda and CI use the same pins. For pip, each pin has the
SHA-256 of every wheel on PyPI for this Python or a later one, on any platform, so any other file is
rejected; torch has none, because its builds come from different places.
"""

import json
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.tags import Tag
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
INDEX = "https://pypi.org/simple"
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
# XGBoost requires NVIDIA's communication library only on Linux.
MARKERS = {"nvidia-nccl-cu12": ' ; platform_system == "Linux"'}
# Used only by tests and pinned by hand, because they require other versions of the pinned packages.
BESIDE = ("requirements-ants.txt", "requirements-validators.txt")


def main() -> None:
    """Sort the pins and write all files that contain them."""
    frozen = [line.strip() for line in sys.stdin if "==" in line and line[0] not in "-#"]
    pins = sorted((line.partition("+")[0] for line in frozen), key=str.lower)
    torch = [pin for pin in pins if pin.startswith("torch==")]
    others = [pin + MARKERS.get(pin.partition("==")[0], "") for pin in pins if pin not in torch]
    head = "# Written by `make lock`: every package but torch (requirements-torch.txt)."
    write_hashed(ROOT / "requirements.lock", [head, *others])
    for name in BESIDE:
        lines = [line for line in (ROOT / name).read_text().splitlines() if "--hash" not in line]
        write_hashed(ROOT / name, [line.removesuffix(" \\") for line in lines])
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


def write_hashed(path: Path, lines: list[str]) -> None:
    """Write the lines of a requirements file, each pin with its hashes."""
    with ThreadPoolExecutor(8) as pool:
        entries = pool.map(lambda line: line if line[0] == "#" else hashed(line), lines)
    path.write_text("\n".join(entries) + "\n")


def hashed(line: str) -> str:
    """Return a pin with its hashes, and its marker if it has one."""
    digests = hashes(line.partition(" ;")[0])
    return " \\\n    ".join([line, *(f"--hash=sha256:{digest}" for digest in digests)])


def hashes(pin: str) -> list[str]:
    """Return the SHA-256 of a pinned version's wheels, or of its source where it has none."""
    name, _, version = pin.partition("==")
    request = urllib.request.Request(
        f"{INDEX}/{canonicalize_name(name)}/",
        headers={"Accept": "application/vnd.pypi.simple.v1+json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        files = {file["filename"]: file["hashes"]["sha256"] for file in json.load(answer)["files"]}
    wheels = [digest for file, digest in files.items() if is_wheel(file, Version(version))]
    digests = wheels or [
        digest for file, digest in files.items() if is_source(file, Version(version))
    ]
    if not digests:
        raise SystemExit(f"{INDEX} has no file of {pin}")
    return sorted(digests)


def is_wheel(filename: str, version: Version) -> bool:
    """Whether a file is a version's wheel for a Python that torch is built for."""
    try:
        _, built, _, tags = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return False
    return built == version and any(map(is_ours, tags))


def is_ours(tag: Tag) -> bool:
    """Whether a wheel's tag is for CPython with its lock and glibc, this version or later."""
    if "musl" in tag.platform or tag.abi.endswith("t"):
        return False
    if tag.interpreter.startswith("py3"):
        return True
    if not tag.interpreter.startswith("cp3"):
        return False
    return tag.abi == "abi3" or int(tag.interpreter[3:]) >= sys.version_info.minor


def is_source(filename: str, version: Version) -> bool:
    """Whether a file is a version's source."""
    try:
        return parse_sdist_filename(filename)[1] == version
    except InvalidSdistFilename:
        return False


if __name__ == "__main__":
    main()
