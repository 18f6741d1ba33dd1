"""A run's configuration: files laid over each other, and what its schema refuses."""

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
        f"there is no {SCHEMA} in {Path.cwd()}, and this voxplain is installed without its "
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
    """Lay configuration files over each other as Snakemake's ``--configfile`` does.

    Parameters
    ----------
    files : sequence of path_like
        The later a file, the more it says; mappings are merged, all else is replaced.
    changes : mapping, optional
        Laid over the files, as ``--config`` does.

    Raises
    ------
    ConfigError
        A file cannot be read or holds no mapping.
    """
    config: dict[str, Any] = {}
    for file in files:
        content = read_yaml(file)
        if not isinstance(content, dict):
            raise ConfigError(f"{file} holds no settings; write them as 'key: value' lines")
        _lay_over(config, content)
    _lay_over(config, changes or {})
    return config


def _lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            _lay_over(below[key], value)
        else:
            below[key] = value


def schema_problems(config: Mapping[str, Any], project: Path) -> list[str]:
    """Return what the JSON schema refuses: unknown or missing keys, values of the wrong kind."""
    import jsonschema  # not for the jobs, whose configuration has been looked at

    validator = jsonschema.Draft202012Validator(read_yaml(project / SCHEMA))
    found = []
    for error in sorted(
        validator.iter_errors(config), key=lambda error: list(map(str, error.absolute_path))
    ):
        where = ".".join(map(str, error.absolute_path))
        found.append(f"{where}: {error.message}" if where else error.message)
        nested = len(error.absolute_path) > 1
        if nested and error.validator == "type" and isinstance(error.instance, str):
            found[-1] += (
                "; --config takes what stands in braces for text: write it into a file for "
                "--configfile, without quotes"
            )
    return found
