"""Lets a CUDA build of torchvision be imported with a CPU build of torch.

torchvision's compiled library then fails to load, its two detection operators stay unregistered, and ``import
torchvision`` fails with "operator torchvision::nms does not exist", and with it lightning, timm and
segmentation-models-pytorch. No model here uses these operators, so their schemas are declared, but only where the
compiled library really cannot be loaded.

The finder costs nothing until torchvision is imported: neither torch nor torchvision is imported here.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

_DETECTION_OPERATORS = ("nms", "qnms")
_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

_kept_libraries: list[object] = []  # a torch.library.Library unregisters its operators when it is collected


class TorchvisionFinder(importlib.abc.MetaPathFinder):
    """Declares the missing operators just before torchvision's first import, then steps aside."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Always ``None``: the import itself is left to Python's own finders."""
        if fullname == "torchvision":
            sys.meta_path.remove(self)
            spec = importlib.util.find_spec("torchvision")
            if spec is not None and spec.origin is not None:
                declare_missing_operators(Path(spec.origin).parent)
        return None


def install() -> None:
    """Put the finder first on ``sys.meta_path``, unless torchvision is loaded or the finder is already there."""
    if "torchvision" in sys.modules or any(isinstance(finder, TorchvisionFinder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, TorchvisionFinder())


def declare_missing_operators(package: Path) -> bool:
    """Declare torchvision's detection operators if its compiled library cannot be loaded.

    Parameters
    ----------
    package : folder of the installed torchvision package

    Returns
    -------
    True if they were declared, False if the compiled library loads (the healthy case)
    """
    import torch

    for library in sorted(package.glob("_C*.so")):
        try:
            torch.ops.load_library(str(library))
        except OSError:
            continue
        return False
    missing = [name for name in _DETECTION_OPERATORS if not hasattr(torch.ops.torchvision, name)]
    if missing:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in missing:
            library.define(name + _SCHEMA)
        _kept_libraries.append(library)
    return bool(missing)
