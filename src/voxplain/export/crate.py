"""How a run was made, as a Workflow Run RO-Crate, a standard that other software can read.

The run's folder is the crate. Results are listed with size and SHA-256, from the run's manifest;
the tables and images that were read only by SHA-256, because most of them may not be shared.

https://www.researchobject.org/workflow-run-crate/profiles/0.5/workflow_run_crate
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from voxplain.run.environment import RECORDED_PACKAGES

ROCRATE = "https://w3id.org/ro/crate/1.1"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
# A term of the Workflow Run profiles that RO-Crate 1.1 lacks.
TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
LANGUAGE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
SNAKEFILE, SETTINGS = "Snakefile", "config.yaml"
FORMATS = {
    "tsv": "text/tab-separated-values",
    "json": "application/json",
    "yaml": "application/yaml",
    "html": "text/html",
    "png": "image/png",
    "svg": "image/svg+xml",
    "gz": "application/gzip",
}
TERMS_OF_USE = "No licence is given with these results; the terms of the input data apply to them."


def crate(
    provenance: Mapping[str, Any],
    results: Iterable[Mapping[str, str]],
    folder: str,
    times: tuple[str, str] | None,
    today: str,
) -> dict[str, Any]:
    """Describe a run.

    Parameters
    ----------
    provenance : mapping
        The run's ``provenance.json``.
    results : iterable of mapping
        Rows of the run's manifest: path (below the run's folder), bytes, sha256.
    folder : str
        Folder of the crate that holds the workflow's files and the settings, ``Snakefile`` and
        ``config.yaml`` among them.
    times : (str, str) or None
        Start and end of the run, ISO 8601; None if they were not recorded.
    today : str
        Date of the crate, ISO 8601.

    Returns
    -------
    dict
        JSON-LD, to be written as ``ro-crate-metadata.json`` into the run's folder.
    """
    config, versions = provenance["config"], provenance["versions"]
    files = [_file(row) for row in results]
    images = _inputs("image of", provenance["images_sha256"])
    tables = _inputs("table", provenance["tables_sha256"])
    software = _software(versions)
    snakefile, settings = f"{folder}/{SNAKEFILE}", f"{folder}/{SETTINGS}"
    workflow = [
        {
            "@id": snakefile,
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
            "name": "voxplain",
            "version": versions["voxplain"],
            "conformsTo": {
                "@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
            },
            "programmingLanguage": {"@id": LANGUAGE},
            "softwareRequirements": _ids(software),
            "input": {"@id": "#settings"},
        },
        {
            "@id": LANGUAGE,
            "@type": "ComputerLanguage",
            "name": "Snakemake",
            "url": {"@id": "https://snakemake.readthedocs.io"},
            "version": versions["snakemake"],
        },
        {
            "@id": "#settings",
            "@type": "FormalParameter",
            "name": "configuration",
            "additionalType": "File",
            "encodingFormat": FORMATS["yaml"],
            "valueRequired": True,
        },
        {
            "@id": settings,
            "@type": "File",
            "name": "settings of this run",
            "encodingFormat": FORMATS["yaml"],
            "exampleOfWork": {"@id": "#settings"},
        },
        {"@id": f"{folder}/workflow/", "@type": "Dataset", "name": "rules, scripts, schemas"},
    ]
    machine = f"{versions['cores']} cores, {versions['memory']}, {versions['platform']}"
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run {config['run']} of voxplain",
        "description": f"Seed {config['seed']}, on {versions['processor']} ({machine}); networks "
        f"on {', '.join(provenance['device'])}.",
        "instrument": {"@id": snakefile},
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "object": [{"@id": settings}, *_ids(tables), *_ids(images)],
        "result": _ids(files),
    }
    if times is not None:
        run["startTime"], run["endTime"] = times
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Run {config['run']} of voxplain",
        "description": "Voxel-wise explanation of a 3D CNN on brain MRI: tables, maps, figures and "
        f"report of {len(images)} participants.",
        "datePublished": today,
        "license": {"@id": "#licence"},
        "conformsTo": [{"@id": profile} for profile in PROFILES],
        "mainEntity": {"@id": snakefile},
        "mentions": {"@id": "#run"},
        "hasPart": [
            {"@id": snakefile}, {"@id": settings}, {"@id": f"{folder}/workflow/"}, *_ids(files),
        ],
    }  # fmt: skip
    descriptor = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": [{"@id": ROCRATE}, {"@id": list(PROFILES)[-1]}],
    }
    profiles = [
        {"@id": key, "@type": "CreativeWork", "name": name, "version": key.rpartition("/")[2]}
        for key, name in PROFILES.items()
    ]
    licence = {
        "@id": "#licence",
        "@type": "CreativeWork",
        "name": "terms",
        "description": TERMS_OF_USE,
    }
    graph = [
        descriptor,
        root,
        licence,
        *profiles,
        *workflow,
        *software,
        run,
        *tables,
        *images,
        *files,
    ]
    return {"@context": [f"{ROCRATE}/context", TERMS], "@graph": graph}


def _ids(entities: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [{"@id": entity["@id"]} for entity in entities]


def _file(row: Mapping[str, str]) -> dict[str, str]:
    path = row["path"]
    return {
        "@id": quote(path),
        "@type": "File",
        "name": path,
        "contentSize": str(row["bytes"]),
        "sha256": row["sha256"],
        "encodingFormat": FORMATS.get(path.rpartition(".")[2], "application/octet-stream"),
    }


def _inputs(kind: str, checksums: Mapping[str, str]) -> list[dict[str, str]]:
    """Describe the tables and images that were read; they are not part of the crate."""
    return [
        {
            "@id": f"#{kind.partition(' ')[0]}-{quote(name, safe='')}",
            "@type": "MediaObject",
            "name": f"{kind} {name}",
            "sha256": checksum,
        }
        for name, checksum in checksums.items()
    ]


def _software(versions: Mapping[str, str]) -> list[dict[str, Any]]:
    """Describe the packages; the other entries are about the machine."""
    urls = {
        name: f"https://pypi.org/project/{name}/" for name in versions if name in RECORDED_PACKAGES
    }
    return [
        {
            "@id": url,
            "@type": "SoftwareApplication",
            "name": name,
            "softwareVersion": versions[name],
            "url": url,
        }
        for name, url in {"python": "https://www.python.org/", **urls}.items()
    ]
