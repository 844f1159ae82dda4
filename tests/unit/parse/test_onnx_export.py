"""ONNX files: the same logits as PyTorch, and all that is needed to use them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from facefair_lib.errors import InputError
from facefair_lib.models.build import build_model
from facefair_lib.parse import onnx_export as export_module
from facefair_lib.parse.onnx_export import export_onnx
from facefair_lib.settings.labels import CLASS_NAMES, PALETTES

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

SMALL: list[tuple[str, str, dict[str, Any]]] = [
    ("deeplabv3", "resnet18", {"channels": 16, "atrous_rates": (1, 2, 3)}),
    ("pspnet", "resnet18", {"channels": 16}),
    ("deeplabv3", "efficientnet_lite0", {"channels": 16, "atrous_rates": (1, 2, 4), "fine_maps": True}),
    ("pspnet", "efficientnet_lite0", {"channels": 16, "fine_maps": True}),
    ("unet", "resnet18", {"channels": 4}),
    ("segnet", "vgg11_bn", {}),
]


def learnt(name: str, backbone: str, options: dict[str, Any]) -> nn.Module:
    """A network whose batch norms have statistics of their own, as after training."""
    torch.manual_seed(0)
    network = build_model(name, backbone, **options).train()
    with torch.no_grad():
        network(torch.randn(4, 3, 32, 32))
    return network.eval()


def run(path: Path, images: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {"images": images.numpy()})[0]


@pytest.mark.parametrize(
    ("name", "backbone", "options"), SMALL, ids=[f"{name} {backbone}" for name, backbone, _ in SMALL]
)
def test_an_exported_network_gives_pytorchs_logits_for_any_batch(
    tmp_path: Path, name: str, backbone: str, options: dict[str, Any]
) -> None:
    network = learnt(name, backbone, options)
    exported = export_onnx(network, tmp_path / "model.onnx", size=32)
    images = torch.randn(5, 3, 32, 32)
    with torch.inference_mode():
        expected = network(images)["out"].numpy()
    np.testing.assert_allclose(run(exported.path, images), expected, atol=1e-3)
    assert exported.largest_difference <= 1e-3


@pytest.mark.parametrize("case", [SMALL[2], SMALL[4]], ids=["deeplabv3", "unet"])
def test_an_exported_network_may_take_any_size(tmp_path: Path, case: tuple[str, str, dict[str, Any]]) -> None:
    network = learnt(*case)
    exported = export_onnx(network, tmp_path / "model.onnx", size=32, any_size=True)
    images = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        np.testing.assert_allclose(run(exported.path, images), network(images)["out"].numpy(), atol=1e-3)


def test_the_file_says_what_is_needed_to_use_it(tmp_path: Path) -> None:
    export_onnx(learnt(*SMALL[0]), tmp_path / "model.onnx", size=32, notes={"model": "deeplabv3"})
    facts = {entry.key: entry.value for entry in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert json.loads(facts["classes"]) == list(CLASS_NAMES)
    assert json.loads(facts["palette"]) == PALETTES["display"].tolist()
    assert json.loads(facts["mean"]) == [0.485, 0.456, 0.406]
    assert json.loads(facts["standard_deviation"]) == [0.229, 0.224, 0.225]
    assert (facts["model"], facts["size"]) == ("deeplabv3", "32")


def test_pooling_by_products_is_torchs_for_cells_of_unequal_size() -> None:
    values = torch.randn(2, 3, 16, 7)
    for cells in ((1, 1), 3, (6, 2), (5, 7)):
        expected = functional.adaptive_avg_pool2d(values, cells)
        torch.testing.assert_close(export_module._pool_by_products(values, cells), expected)


def test_a_file_that_differs_from_pytorch_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_module, "TOLERANCE", -1.0)
    with pytest.raises(InputError, match="no file was written"):
        export_onnx(learnt(*SMALL[0]), tmp_path / "model.onnx", size=32)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=f"the package {package}\n(.*\n)+.*pip install -r requirements-onnx.lock"):
        export_onnx(nn.Identity(), tmp_path / "model.onnx", size=32)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": 60}, "a multiple of 8"),
        ({"size": 16}, "at least 32"),
        ({"size": 64, "any_size": True}, "pyramid pooling"),
    ],
)
def test_what_cannot_be_exported_is_refused(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        export_onnx(build_model("pspnet", "resnet18", channels=8), tmp_path / "model.onnx", **options)
    with pytest.raises(InputError, match=r"expected: \.onnx"):
        export_onnx(build_model("pspnet", "resnet18", channels=8), tmp_path / "model.pt", size=64)
