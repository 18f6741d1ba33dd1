"""A user's own network as the configuration names it: where its source lies and what it says.

A source is ``package.module:Name`` or ``path/to/file.py:Name``; a relative path, and a module that
is not installed, are looked up in the working directory. The workflow asks for the digest whenever
it starts, so nothing here imports torch or, but for `import_factory`, the user's code.
"""

import contextlib
import functools
import hashlib
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from voxplain.errors import ConfigError, VoxplainError


def smallest_axis(n_blocks: int) -> int:
    """Return the voxels that an axis needs to survive the blocks of the paper's network.

    A block takes two voxels by its convolution and halves the rest.
    """
    return 3 * 2**n_blocks - 2


def source_files(source: str) -> list[Path]:
    """Return the Python files that make a network: the file named, or its module's whole package.

    Parameters
    ----------
    source : str
        ``package.module:Name`` or ``path/to/file.py:Name``.

    Raises
    ------
    ConfigError
        The file or the module is not there.
    """
    place = source.rpartition(":")[0]
    if place.endswith(".py"):
        if not Path(place).is_file():
            raise ConfigError(
                f"cnn.network: there is no file {place} in {os.getcwd()}; give its path relative "
                "to the folder that the workflow runs in"
            )
        return [Path(place)]
    package = place.partition(".")[0]
    spec = PathFinder.find_spec(package, [*sys.path, os.getcwd()])
    if spec is None:
        raise ConfigError(
            f"cnn.network: there is no module {package}, neither installed nor in {os.getcwd()}; "
            "name a module that is, or a file as path/to/file.py:Name"
        )
    folders = spec.submodule_search_locations
    if folders is None:
        return [Path(spec.origin)]
    return sorted(file for folder in folders for file in Path(folder).rglob("*.py"))


@functools.cache
def source_digest(source: str) -> str:
    """Return a digest of a network's `source_files`: a changed network is trained again."""
    digest = hashlib.sha256(source.encode())
    for file in source_files(source):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def import_factory(source: str) -> Callable[..., Any]:
    """Import what a source names.

    Raises
    ------
    ConfigError
        The module cannot be imported, or the name in it is missing or no callable.
    """
    place, _, name = source.rpartition(":")
    file = source_files(source)[0] if place.endswith(".py") else None
    with blamed_on(source, "it is imported"):
        module = _import_file(file) if file else _import_module(place)
    if not hasattr(module, name):
        raise ConfigError(f"cnn.network: {source}: {place} has no {name}; name what it defines")
    factory = getattr(module, name)
    if not callable(factory):
        raise ConfigError(
            f"cnn.network: {source} is a {type(factory).__name__}; name a class or a function that "
            "returns a torch.nn.Module"
        )
    return factory


@contextlib.contextmanager
def blamed_on(source: str, moment: str) -> Iterator[None]:
    """Turn whatever a user's code raises into one error that says where and when.

    Raises
    ------
    ConfigError
        From the block's exception; `VoxplainError` passes as it is.
    """
    try:
        yield
    except VoxplainError:
        raise
    except Exception as error:
        theirs = {str(file.resolve()) for file in source_files(source)}
        lines = [
            f" ({frame.filename}, line {frame.lineno})"
            for frame in traceback.extract_tb(error.__traceback__)
            if os.path.realpath(frame.filename) in theirs
        ]
        raise ConfigError(
            f"cnn.network: {source} fails when {moment}: {type(error).__name__}: {error}"
            f"{lines[-1] if lines else ''}; see docs/howto/own-network.md for what it must do"
        ) from error


def _import_file(path: Path) -> ModuleType:
    name = f"own_network_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def _import_module(name: str) -> ModuleType:
    """Import a module, from the working directory if it is not installed."""
    before = list(sys.path)
    sys.path.append(os.getcwd())
    try:
        return importlib.import_module(name)
    finally:
        sys.path[:] = before
