"""A run's configuration: reading and merging its files, and checking them against the schema."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from voxplain.errors import ConfigError

SCHEMA = Path("workflow", "schemas", "config.schema.yaml")  # below the project's folder
DEFAULTS = "config.yaml"


def project_folder() -> Path:
    """Return the folder of the workflow: the working directory, or the checkout of this package.

    Raises
    ------
    ConfigError
        Neither has the workflow's files.
    """
    checkout = Path(__file__).resolve().parents[3]
    for folder in (Path.cwd(), checkout):
        if (folder / SCHEMA).is_file() and (folder / DEFAULTS).is_file():
            return folder
    raise ConfigError(
        f"there is no {SCHEMA} in {Path.cwd()}, and this voxplain was installed without the "
        "workflow; run the command in a checkout of voxplain"
    )


def read_yaml(path: str | os.PathLike[str]) -> Any:
    """Read one YAML (or JSON) file.

    Raises
    ------
    ConfigError
        It is missing or cannot be parsed.
    """
    if not Path(path).is_file():
        raise ConfigError(f"{path} does not exist; name a configuration file")
    try:
        return yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} is not a readable YAML file ({error})") from error


def read_config(
    files: Sequence[str | os.PathLike[str]], changes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Merge configuration files as Snakemake's ``--configfile`` does.

    Parameters
    ----------
    files : sequence of path_like
        Later files override earlier ones; mappings are merged, all else is replaced.
    changes : mapping, optional
        Override the files, as ``--config`` does.

    Raises
    ------
    ConfigError
        A file cannot be read or is not a mapping.
    """
    config: dict[str, Any] = {}
    for file in files:
        content = read_yaml(file)
        if not isinstance(content, dict):
            raise ConfigError(f"{file} has no settings; write them as 'key: value' lines")
        _merge(config, content)
    _merge(config, changes or {})
    return config


def _merge(config: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(config.get(key), dict):
            _merge(config[key], value)
        else:
            config[key] = value


def schema_problems(config: Mapping[str, Any], project: Path) -> list[str]:
    """Return what violates the JSON schema: unknown or missing keys, values of the wrong kind.

    Parameters
    ----------
    config : mapping
        The merged configuration.
    project : Path
        The folder of the workflow (`project_folder`).

    Returns
    -------
    list of str
        One message per violation, sorted by the keys' places.
    """
    import jsonschema  # not at the top: jobs need no check, and its import takes time

    validator = jsonschema.Draft202012Validator(read_yaml(project / SCHEMA))
    problems = []
    for error in sorted(
        validator.iter_errors(config), key=lambda error: list(map(str, error.absolute_path))
    ):
        key = ".".join(map(str, error.absolute_path))
        message = f"{key}: {error.message}" if key else error.message
        nested = len(error.absolute_path) > 1
        if nested and error.validator == "type" and isinstance(error.instance, str):
            message += (
                "; --config reads values inside braces as text: write them into a file for "
                "--configfile, without quotes"
            )
        problems.append(message)
    return problems
