"""The torchvision hook: both branches, and that opening the package imports no heavy library."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from facefair_lib.settings import paths


def run(code: str, *search: Path) -> str:
    """Run code in a Python of its own, with ``search`` before everything else; gives what it printed."""
    setup = f"import sys\nsys.path[:0] = {[str(path) for path in (*search, paths.REPOSITORY)]!r}\n"
    command = [sys.executable, "-W", "error::ImportWarning", "-c", setup + textwrap.dedent(code)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


@pytest.fixture
def torchvision(tmp_path: Path) -> Path:
    """A package of that name, without a compiled library."""
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text("import sys\nfinders = [type(f).__name__ for f in sys.meta_path]\n")
    return package


IMPORT = """
import json
import facefair_lib
before = [type(finder).__name__ for finder in sys.meta_path].count("TorchvisionFinder")
import torchvision
import torch
from facefair_lib.models.torchvision_hook import install
install()
declared = [name for name in ("nms", "qnms") if hasattr(torch.ops.torchvision, name)]
after = [type(finder).__name__ for finder in sys.meta_path].count("TorchvisionFinder")
if declared:
    torch.library.register_fake("torchvision::nms", lambda dets, scores, iou_threshold: scores)  # as torchvision does
    import gc
    gc.collect()
    assert str(torch.ops.torchvision.nms.default._schema) == (
        "torchvision::nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    )
print(json.dumps([before, after, torchvision.finders.count("TorchvisionFinder"), declared, torchvision.__file__]))
"""


def loadable_library() -> Path:
    """Any shared library that can be loaded: one of Python's own extension modules."""
    import _ctypes

    return Path(_ctypes.__file__)


def test_a_library_that_loads_gets_nothing_declared(torchvision: Path) -> None:
    (torchvision / "_C.so").symlink_to(loadable_library())
    before, after, during, declared, file = json.loads(run(IMPORT, torchvision.parent))
    assert Path(file).parent == torchvision
    assert declared == []
    assert (before, during, after) == (1, 0, 0)


def test_a_library_that_cannot_be_loaded_gets_both_operators_declared(torchvision: Path) -> None:
    (torchvision / "_C.so").write_bytes(b"no library")
    before, after, during, declared, _ = json.loads(run(IMPORT, torchvision.parent))
    assert declared == ["nms", "qnms"]
    assert (before, during, after) == (1, 0, 0)


def test_the_installed_torchvision_imports_and_builds_a_network() -> None:
    code = """
    import facefair_lib
    from torchvision.models import resnet18
    print(sum(p.numel() for p in resnet18().parameters()))
    """
    assert run(code) == "11689512"


def test_opening_the_package_imports_no_heavy_library() -> None:
    code = """
    import facefair_lib
    heavy = {"torch", "torchvision", "numpy", "pandas", "lightning", "matplotlib", "pydantic"}
    print(sorted(heavy & set(sys.modules)))
    """
    assert run(code) == "[]"


def test_scores_and_figures_need_no_torch() -> None:
    code = """
    import importlib, pkgutil
    for room in ("scores", "fairness", "tables", "figures", "report"):
        package = importlib.import_module(f"facefair_lib.{room}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    print("torch" in sys.modules, "lightning" in sys.modules)
    """
    assert run(code) == "False False"


def test_the_command_line_answers_without_loading_torch() -> None:
    code = """
    import facefair_lib.__main__, facefair_lib.study.run_all
    print("torch" in sys.modules)
    """
    assert run(code) == "False"
