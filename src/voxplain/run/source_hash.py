"""A digest of the source code that makes a result: every rule has it as a parameter.

It changes with what a job can compute, and with nothing else: it is taken of syntax trees, in which
comments and formatting do not exist, without docstrings, of the script and the modules of voxplain
that the script imports. Modules that no result depends on are left out, and of methods and layouts,
which are imported by name, those that a job does not use.

Trees are compared as `ast.unparse` writes them, which is stable; should another version of Python
write one differently, the jobs that use the module run again.
"""

import ast
import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
ASSETS = (".html", ".css", ".js")  # of packages; they make the report as much as its code does
# No byte of a result depends on these, whatever is changed in them. What only they import is left
# out with them.
NEUTRAL = frozenset(
    {
        "voxplain.errors",  # classes of errors; a job that fails has no result
        "voxplain.run.logs",  # what goes into log files, which are no results
        "voxplain.run.lock",  # whether a job may start, and when it ends with its run
        "voxplain.run.atomic",  # when bytes appear under their name; `run.files` decides which
        "voxplain.run.paths",  # names of files and folds: Snakemake compares those itself
        "voxplain.network.gpu_lease",  # which of a machine's GPUs is free
        "voxplain.attribution",  # which module a method's name stands for; that module counts
    }
)
# Packages that import modules by name, and where these lie.
REGISTRIES = {
    "voxplain.attribution": "voxplain.attribution.methods",
    "voxplain.cohort.layouts": "voxplain.cohort.layouts",
}


@dataclass(frozen=True)
class _Source:
    """One file: its code in one spelling, and (module, name) of its imports.

    `exports` are those that a package makes for type checkers alone, by name: it imports them when
    somebody asks for them.
    """

    code: str
    imports: frozenset[tuple[str, str]]
    exports: dict[str, tuple[str, str]]


@functools.cache
def _read(path: Path) -> _Source:
    tree = ast.parse(path.read_text(encoding="utf-8"), path)
    unused = [node for node in ast.walk(tree) if _is_type_checking(node)]
    exports = {}
    if path.name == "__init__.py":
        exports = {name: (module, name) for node in unused for module, name in _imports(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [
                child for child in node.body if child not in unused and not _is_text(child)
            ]
    return _Source(ast.unparse(tree), frozenset(_imports(tree)), exports)


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _is_text(node: ast.stmt) -> bool:
    """Return whether a statement is a bare string, such as a docstring: it does nothing."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield module and name of all imports from voxplain, wherever they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            pairs = [alias.name.rpartition(".")[::2] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            pairs = [(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        for module, name in pairs:
            if (module or name).split(".")[0] == PACKAGE.name:
                yield module, name


def _file(module: str) -> Path | None:
    """Return the file of a module or package of voxplain, None if there is no such module."""
    path = PACKAGE.parent.joinpath(*module.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def _modules_below(package: str) -> list[str]:
    folder = PACKAGE.parent.joinpath(*package.split("."))
    return [f"{package}.{path.stem}" for path in folder.glob("*.py") if path.stem != "__init__"]


def _targets(module: str, name: str, chosen: tuple[str, ...]) -> set[str]:
    """Return the modules that ``from module import name`` reaches.

    A package as a whole reaches all that it exports, and a registry every module that it may
    import by name, unless some of them are chosen.
    """
    whole = f"{module}.{name}".strip(".")
    targets = {module}
    if _file(whole):
        module, targets = whole, {whole}
    file = _file(module)
    if file is None:
        raise ModuleNotFoundError(f"voxplain has no module {module}")
    exports = _read(file).exports
    if module == whole:
        targets |= {target for target, _ in exports.values()}
    elif name in exports:
        return _targets(*exports[name], chosen)
    if module in REGISTRIES:
        package = f"{REGISTRIES[module]}."
        picked = [name for name in chosen if name.startswith(package)]
        targets = {module, *(picked or _modules_below(REGISTRIES[module]))}
    return targets


def _files(module: str) -> Iterator[Path]:
    """Yield a module's file and those of the packages above it, save voxplain itself."""
    parts = module.split(".")
    for depth in range(min(2, len(parts)), len(parts) + 1):
        name = ".".join(parts[:depth])
        file = _file(name)
        if file is None:
            raise ModuleNotFoundError(f"voxplain has no module {name}")
        if name not in NEUTRAL:
            yield file


def source_files(script: str | Path, *chosen: str) -> list[Path]:
    """Return the files of voxplain that a script reaches through imports, sorted.

    Parameters
    ----------
    script : path_like
        The script.
    *chosen : str
        Modules that this job imports by name, such as ``voxplain.attribution.methods.grad_cam``:
        of their packages no others are reached in this way. Without one all are.
    """
    reached: set[Path] = set()
    waiting = [Path(script)]
    while waiting:
        for pair in _read(waiting.pop()).imports:
            for target in _targets(*pair, chosen):
                new = set(_files(target)) - reached
                reached |= new
                waiting.extend(new)
    return sorted(reached)


@functools.cache
def source_hash(script: str | Path, *chosen: str) -> str:
    """Return a digest of all code that can change what a script computes.

    Parameters
    ----------
    script, *chosen
        See `source_files`.
    """
    digest = hashlib.sha256(_read(Path(script)).code.encode())
    files = source_files(script, *chosen)
    for file in files:
        digest.update(f"\0{file.relative_to(PACKAGE)}\0{_read(file).code}".encode())
    folders = {file.parent for file in files}
    for asset in sorted(path for folder in folders for path in folder.iterdir()):
        if asset.suffix in ASSETS:
            digest.update(f"\0{asset.name}\0".encode() + asset.read_bytes())
    return digest.hexdigest()[:16]
