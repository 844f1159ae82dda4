"""Rendered people that another profile needs as well: copied, not rendered a second time.

Only for stages whose files depend on nothing but settings, code and packages. The results of notebooks and fits carry
their profile's name and inputs and are always made anew.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from facefair_lib.settings import paths
from facefair_lib.settings.profiles import Profile
from facefair_lib.store import stages
from facefair_lib.store.provenance import FILE_NAME, changed_files, package_versions
from facefair_lib.store.results import read_json

REUSABLE = (stages.COHORT, stages.EXPERIMENT, stages.COUNTERFACTUALS)


def find_twin(stage: stages.Stage, profile: Profile) -> Path | None:
    """Folder of another profile's stage, complete and unchanged, made with the same settings, code and packages."""
    if stage.name not in REUSABLE:
        return None
    wanted = {"code": stages.stage_digest(stage, profile), "packages": package_versions()}
    for made in sorted(paths.results_root().glob(f"*/{stage.name}/{FILE_NAME}")):
        if made.parent.parent.name == profile.name:
            continue
        found = read_json(made)
        if {key: found.get(key) for key in wanted} == wanted and not changed_files(made, thorough=False):
            return made.parent
    return None


def copy_twin(twin: Path, folder: Path) -> None:
    """Replace ``folder`` by a copy of ``twin`` without its provenance, never by part of one."""
    beside = folder.with_name(f".{folder.name}-copy")
    shutil.rmtree(beside, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(twin, beside, ignore=lambda _, names: {FILE_NAME} & set(names))
    shutil.rmtree(folder, ignore_errors=True)
    beside.replace(folder)
