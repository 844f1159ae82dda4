"""Jobs on a cluster: settings that exist, and lines that arrive from other machines."""

from __future__ import annotations

import importlib.util

import pytest
import yaml

from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.study.cluster import LOCAL, check_executor, graph_options


def test_an_executor_without_settings_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"local, kubernetes, slurm"):
        check_executor("slrum")
    with pytest.raises(InputError, match="no such folder"):
        check_executor("")
    check_executor(LOCAL)


def test_a_missing_plugin_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"snakemake_executor_plugin_slurm\n(.*\n)*.*make study EXECUTOR=slurm"):
        check_executor("slurm")


@pytest.mark.parametrize("executor", [LOCAL, "slurm", "kubernetes"])
def test_only_the_projects_own_settings_reach_snakemake(executor: str) -> None:
    options = graph_options(executor, 3)
    given = dict(zip(options[::2], options[1::2], strict=True))
    assert given["--workflow-profile"] == "none"
    assert given["--profile"] == ("none" if executor == LOCAL else str(paths.CLUSTERS / executor))


RULES = [line.split()[1].rstrip(":") for line in paths.SNAKEFILE.read_text().splitlines() if line.startswith("rule ")]


@pytest.mark.parametrize("executor", sorted(path.parent.name for path in paths.CLUSTERS.glob("*/config.yaml")))
def test_settings_of_a_cluster_name_rules_that_exist_and_say_what_all_others_get(executor: str) -> None:
    settings = yaml.safe_load((paths.CLUSTERS / executor / "config.yaml").read_text(encoding="utf-8"))
    assert set(settings["set-resources"]) <= set(RULES)
    assert {"mem_mb", "runtime", "gpu"} <= set(settings["default-resources"])
