"""The kept reference run as an RO-Crate, for archives and machines: which notebook made which file from which profile.

Source: RO-Crate 1.1, https://w3id.org/ro/crate/1.1; Process Run Crate 0.5, https://w3id.org/ro/wfrun/process/0.5
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import yaml

from facefair_lib.settings import paths
from facefair_lib.store.provenance import FILE_NAME
from facefair_lib.store.results import read_json, write_json

CRATE = "ro-crate-metadata.json"
_RO_CRATE = "https://w3id.org/ro/crate/1.1"
_PROCESS_RUN = "https://w3id.org/ro/wfrun/process/0.5"
_PLAN = "config/analysis_plan.yaml"
_FORMATS = {
    ".csv": "text/csv",
    ".ipynb": "application/x-ipynb+json",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".yaml": "application/yaml",
}

Entity = dict[str, Any]


def update(root: Path, outputs: dict[Path, str], kept: Path) -> Path:
    """Write the crate's description into the crate's folder.

    Parameters
    ----------
    root : the repository
    outputs : kept figures and tables -> what each is, as `codecheck.listed` gives them
    kept : folder of the reference run's tables and provenance
    """
    return write_json(root / CRATE, crate(root, outputs, kept, datetime.date.today().isoformat()))


def crate(root: Path, outputs: dict[Path, str], kept: Path, date: str) -> Entity:
    """Describe the repository's kept run as JSON-LD; ``date``, as YYYY-MM-DD, is when it was kept."""
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    files = {path.relative_to(root).as_posix(): comment for path, comment in outputs.items()}
    if paths.kept_report().is_file():
        files[paths.kept_report().relative_to(root).as_posix()] = "report of the reference run"
    actions = [_action(folder, files) for folder in sorted(kept.iterdir()) if (folder / FILE_NAME).is_file()]
    read = {
        part["@id"]: "notebook, profile or plan"
        for action in actions
        for part in (action["instrument"], *action["object"])
    }
    licence = f"https://spdx.org/licenses/{citation['license']}"
    about = {
        "@id": "./",
        "@type": "Dataset",
        "name": citation["title"],
        "description": " ".join(citation["abstract"].split()),
        "version": citation["version"],
        "datePublished": date,
        "license": {"@id": licence},
        "author": {"@id": "#authors"},
        "conformsTo": {"@id": _PROCESS_RUN},
        "hasPart": [{"@id": name} for name in sorted(files | read)],
        "mentions": [{"@id": action["@id"]} for action in actions],
    }
    graph = [
        {"@id": CRATE, "@type": "CreativeWork", "conformsTo": {"@id": _RO_CRATE}, "about": {"@id": "./"}},
        about,
        {"@id": _PROCESS_RUN, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        {"@id": licence, "@type": "CreativeWork", "name": citation["license"]},
        {"@id": "#authors", "@type": "Organization", "name": citation["authors"][0]["name"]},
        *actions,
        *(_file(name, comment) for name, comment in sorted((files | read).items())),
    ]
    return {"@context": f"{_RO_CRATE}/context", "@graph": graph}


def _action(folder: Path, files: dict[str, str]) -> Entity:
    """One notebook's run: its instrument, its inputs other than earlier results, and its kept outputs."""
    run = read_json(folder / FILE_NAME)
    return {
        "@id": f"#{folder.name}",
        "@type": "CreateAction",
        "name": f"{folder.name} with the profile {run['profile']}",
        "description": f"{run['seconds']:g} s, Python {run['python']}, {run['system']}",
        "agent": {"@id": "#authors"},
        "instrument": {"@id": f"notebooks/{folder.name}.ipynb"},
        "object": [{"@id": f"config/{run['profile']}.yaml"}, *([{"@id": _PLAN}] if run.get("plan") else [])],
        "result": [{"@id": name} for name, comment in sorted(files.items()) if comment.endswith(f" of {folder.name}")],
    }


def _file(name: str, comment: str) -> Entity:
    path = Path(name)
    kind = ["File", "SoftwareSourceCode"] if path.suffix == ".ipynb" else "File"
    return {"@id": name, "@type": kind, "name": f"{path.stem}: {comment}", "encodingFormat": _FORMATS[path.suffix]}
