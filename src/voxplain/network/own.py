"""A user's own network: finding, hashing and importing its source.

A source is ``package.module:Name`` or ``path/to/file.py:Name``; a relative path, and a module that
is not installed, are looked up in the working directory. The workflow computes the digest at every
start, so nothing here imports torch, and only `import_factory` imports the user's code.
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
    """Return the fewest voxels along an axis with which the paper's network has output.

    The convolution of a block removes two voxels, and its pooling halves the rest.
    """
    return 3 * 2**n_blocks - 2


def source_files(source: str) -> list[Path]:
    """Return the Python files of a network: the named file, or the whole package of its module.

    Parameters
    ----------
    source : str
        ``package.module:Name`` or ``path/to/file.py:Name``.

    Raises
    ------
    ConfigError
        The file or the module does not exist.
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
    if spec is not None and spec.submodule_search_locations is not None:
        folders = map(Path, spec.submodule_search_locations)
        return sorted(file for folder in folders for file in folder.rglob("*.py"))
    if spec is not None and spec.origin is not None:
        return [Path(spec.origin)]
    raise ConfigError(
        f"cnn.network: there is no module {package}, neither installed nor in {os.getcwd()}; "
        "name a module that exists, or a file as path/to/file.py:Name"
    )


@functools.cache
def source_digest(source: str) -> str:
    """Return a digest of a network's `source_files`, so that a changed network is trained again."""
    digest = hashlib.sha256(source.encode())
    for file in source_files(source):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def import_factory(source: str) -> Callable[..., Any]:
    """Import the class or function that a source names.

    Raises
    ------
    ConfigError
        The module cannot be imported, or does not define the name, or the name is not callable.
    """
    place, _, name = source.rpartition(":")
    file = source_files(source)[0] if place.endswith(".py") else None
    with blamed_on(source, "it is imported"):
        module = _import_file(file) if file else _import_module(place)
    if not hasattr(module, name):
        raise ConfigError(
            f"cnn.network: {source}: {place} has no {name}; name a class or function in it"
        )
    factory: Callable[..., Any] = getattr(module, name)
    if not callable(factory):
        raise ConfigError(
            f"cnn.network: {source} is a {type(factory).__name__}; name a class or a function that "
            "returns a torch.nn.Module"
        )
    return factory


@contextlib.contextmanager
def blamed_on(source: str, moment: str) -> Iterator[None]:
    """Turn any exception of a user's code into an error that says where and when it was raised.

    Parameters
    ----------
    source : str
        The network's source.
    moment : str
        What the block does, for the message: "<source> fails when <moment>".

    Raises
    ------
    ConfigError
        From the block's exception; a `VoxplainError` is passed on.
    """
    try:
        yield
    except VoxplainError:
        raise
    except Exception as error:
        user_files = {str(file.resolve()) for file in source_files(source)}
        lines = [
            f" ({frame.filename}, line {frame.lineno})"
            for frame in traceback.extract_tb(error.__traceback__)
            if os.path.realpath(frame.filename) in user_files
        ]
        raise ConfigError(
            f"cnn.network: {source} fails when {moment}: {type(error).__name__}: {error}"
            f"{lines[-1] if lines else ''}; see docs/howto/own-network.md for the requirements"
        ) from error


def _import_file(path: Path) -> ModuleType:
    name = f"own_network_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look up their module there
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
