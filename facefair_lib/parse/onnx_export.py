"""Writes a trained network as an ONNX file, which runs without PyTorch: in a browser, on a phone, in another language.

The file is checked before it gets its name: onnxruntime must compute PyTorch's logits. Its metadata say what is needed
to use it: the classes, their colours, and how pictures are normalised.
"""

from __future__ import annotations

import importlib
import io
import json
import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from unittest import mock

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from facefair_lib.errors import InputError
from facefair_lib.settings.labels import CLASS_NAMES, PALETTES
from facefair_lib.store.results import replacing
from facefair_lib.training.batches import MEAN, STANDARD_DEVIATION

TOLERANCE = 1e-3
"""Largest difference of a logit between PyTorch and onnxruntime."""

_OPSET = 17  # the oldest one that has every operator used here, so that older runtimes can read it


@dataclass(frozen=True)
class Exported:
    """A file that was written and checked.

    Attributes
    ----------
    path : the ONNX file
    largest_difference : between PyTorch's and onnxruntime's logits
    shapes : shapes (B, 3, H, W) of the inputs that were compared
    """

    path: Path
    largest_difference: float
    shapes: tuple[tuple[int, ...], ...]


def export_onnx(
    network: nn.Module, path: Path, *, size: int, any_size: bool = False, notes: dict[str, str] | None = None
) -> Exported:
    """Write a network as ONNX: input ``images`` (B, 3, H, W) float32, normalised; output ``logits`` (B, C, H, W).

    Parameters
    ----------
    network : see ``build_model``
    path : ends in .onnx; replaced only by a file that passed the check
    size : H and W, in pixels
    any_size : let H and W be any multiple of the file's ``size_multiple``, not only ``size``
    notes : further metadata, such as the model's name

    Raises
    ------
    InputError
        if onnx or onnxruntime is not installed, the network needs a fixed size or cannot be exported, or the file's
        logits differ from the network's
    """
    onnx, runtime = _optional("onnx"), _optional("onnxruntime")
    if path.suffix != ".onnx":
        raise InputError(path, found=f"the ending {path.suffix!r}", expected=".onnx", do="give the file that ending")
    logits = _Logits(network).cpu().eval()
    multiple = getattr(network, "multiple", 1)
    _check_size(network, size, multiple, any_size)
    shapes = [(1, 3, size, size), (3, 3, size, size)]
    if any_size:
        shapes.append((2, 3, size + multiple, 2 * size))
    with replacing(path) as temporary:
        temporary.write_bytes(_graph(logits, size, any_size))
        model = onnx.load(temporary)
        facts = {
            "size": "any" if any_size else str(size),
            "size_multiple": str(multiple if any_size else size),
            **_metadata(),
            **(notes or {}),
        }
        onnx.helper.set_model_props(model, facts)
        onnx.checker.check_model(model)
        onnx.save(model, temporary)
        difference = _largest_difference(runtime, temporary, logits, shapes)
        if not difference <= TOLERANCE:
            raise InputError(
                path,
                found=f"logits that differ from PyTorch's by {difference:.2g}",
                expected=f"at most {TOLERANCE}",
                do="update onnxruntime, or use another network; no file was written",
            )
    return Exported(path, difference, tuple(shapes))


def _optional(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            f"the package {name}", found="not installed", expected="the packages that writing ONNX files needs",
            do="run: pip install -r requirements-onnx.lock",
        ) from error  # fmt: skip


def _check_size(network: nn.Module, size: int, multiple: int, any_size: bool) -> None:
    if size < 32 or size % multiple:
        raise InputError(
            "size", found=f"{size}", expected=f"at least 32 pixels and a multiple of {multiple}",
            do=f"choose {max(32, round(size / multiple) * multiple)}",
        )  # fmt: skip
    if any_size and _has_pyramid_pooling(network):
        raise InputError(
            "any size",
            found="a network with pyramid pooling, whose cells are computed for one size",
            expected="a network without it, such as deeplabv3 or unet",
            do="export with a fixed --size and resize pictures to it",
        )


def _metadata() -> dict[str, str]:
    return {
        "classes": json.dumps(CLASS_NAMES),
        "palette": json.dumps(PALETTES["display"].tolist()),
        "mean": json.dumps(MEAN),
        "standard_deviation": json.dumps(STANDARD_DEVIATION),
        "input": "RGB; (value / 255 - mean) / standard_deviation; batch, channel, row, column",
        "output": "logits; the class of a pixel is the index of the largest",
    }


class _Logits(nn.Module):
    """A network's main output alone."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(images)["out"]


def _graph(logits: nn.Module, size: int, any_size: bool) -> bytes:
    """Trace the network and return the ONNX file's bytes."""
    example = torch.zeros(1, 3, size, size)
    free = {0: "batch", **({2: "height", 3: "width"} if any_size else {})}
    buffer = io.BytesIO()
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    # Patched as a function: networks call it through modules and through interpolation by area, in several libraries.
    pooling = mock.patch.object(functional, "adaptive_avg_pool2d", _pool_by_products)
    with warnings.catch_warnings(), pooling:
        warnings.simplefilter("ignore")  # the tracer warns of every Python number, but the file is checked later
        logger.setLevel(logging.ERROR)
        try:
            torch.onnx.export(
                logits,
                (example,),
                buffer,
                input_names=["images"],
                output_names=["logits"],
                dynamic_axes={"images": free, "logits": free},
                opset_version=_OPSET,
                dynamo=False,  # the newer exporter needs onnxscript as well
            )
        except Exception as error:  # the exporter raises whatever an operator's translation raises
            raise InputError(
                "network",
                found=f"an operator that ONNX does not have ({str(error).splitlines()[0]})",
                expected="a network whose operators opset 17 knows",
                do="choose another network or backbone",
            ) from error
        finally:
            logger.setLevel(level)
    return buffer.getvalue()


def _largest_difference(runtime: ModuleType, path: Path, logits: nn.Module, shapes: Sequence[tuple[int, ...]]) -> float:
    """Largest difference of a logit over inputs of several shapes; infinite where the shapes differ."""
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # errors only
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    generator = torch.Generator().manual_seed(0)
    largest = 0.0
    for shape in shapes:
        images = torch.randn(shape, generator=generator)
        with torch.inference_mode():
            expected = logits(images).numpy()  # (B, C, H, W)
        found = session.run(None, {"images": images.numpy()})[0]
        same = found.shape == expected.shape
        largest = max(largest, float(np.abs(found - expected).max()) if same else float("inf"))
    return largest


def _has_pyramid_pooling(network: nn.Module) -> bool:
    """Whether a network averages over a number of cells other than one."""
    poolings = (module for module in network.modules() if isinstance(module, nn.AdaptiveAvgPool2d))
    return any(pooling.output_size not in (1, (1, 1)) for pooling in poolings)


_adaptive_avg_pool2d = functional.adaptive_avg_pool2d


def _pool_by_products(values: torch.Tensor, output_size: int | Sequence[int]) -> torch.Tensor:
    """Average pooling to a number of cells, written as two products with constant matrices.

    ONNX itself has average pooling only for cells of equal size.
    """
    rows, columns = output_size if isinstance(output_size, Sequence) else (output_size, output_size)
    if (rows, columns) == (1, 1):
        return _adaptive_avg_pool2d(values, 1)
    height, width = (int(side) for side in values.shape[-2:])
    return _cell_means(height, rows) @ values @ _cell_means(width, columns).T  # (B, C, rows, columns)


def _cell_means(length: int, cells: int) -> torch.Tensor:
    """(cells, length) matrix that averages each cell's values; cells may share a value, as in PyTorch's pooling."""
    matrix = np.zeros((cells, length), np.float32)
    for cell in range(cells):
        first, last = cell * length // cells, -(-(cell + 1) * length // cells)
        matrix[cell, first:last] = 1 / (last - first)
    return torch.from_numpy(matrix)
