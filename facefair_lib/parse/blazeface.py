"""Finds faces with BlazeFace, MediaPipe's detector for faces near the camera.

Source: Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", CVPR workshops 2019,
arXiv:1907.05047. The weights' origin and licence, and what was measured with them, are in ``blazeface_short_range.md``.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torchvision.ops import box_iou

from facefair_lib.models.packed import read_tensors
from facefair_lib.parse.squares import Box

_WEIGHTS = Path(__file__).with_name("blazeface_short_range.safetensors")
_WIDTHS = (24, 24, 28, 32, 36, 42, 48, 56, 64, 72, 80, 88, 96, 96, 96, 96, 96)  # of the stem and the sixteen blocks
_SHRINKING = (2, 5, 11)  # blocks with stride 2
_FINE = 11  # blocks before the map of stride 8 is read
_STEP = 16  # stride of the coarser map, in pixels
_SAME_FACE = 0.3  # intersection over union from which two boxes are one face, as in MediaPipe


class _Block(nn.Module):
    """A depthwise and a pointwise convolution, added to the input: (B, I, H, W) -> (B, O, H, W)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, stride, padding=1 if stride == 1 else 0, groups=inputs)
        self.pointwise = nn.Conv2d(inputs, outputs, 1)
        self.stride = stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        beside = functional.max_pool2d(x, 2) if self.stride == 2 else x
        padded = functional.pad(x, (0, 1, 0, 1)) if self.stride == 2 else x  # TensorFlow's SAME padding
        values = self.pointwise(self.depthwise(padded))
        values[:, : beside.shape[1]] += beside  # the input's missing channels would be zero
        return values.relu_()


class BlazeFace(nn.Module):
    """The network: (B, 3, H, W) float from -1 to 1, H and W multiples of 16 -> logits (B, A) and places (B, A, 16).

    There are two anchors in each cell of 8 x 8 pixels and six in each of 16 x 16. A place is the x and y of a box's
    centre, its width and height, and six points of the face, in pixels; positions are relative to the anchor.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, _WIDTHS[0], 5, 2)
        self.blocks = nn.Sequential(
            *(
                _Block(inputs, outputs, 2 if number in _SHRINKING else 1)
                for number, (inputs, outputs) in enumerate(pairwise(_WIDTHS))
            )
        )
        self.score_fine, self.place_fine = nn.Conv2d(_WIDTHS[_FINE], 2, 1), nn.Conv2d(_WIDTHS[_FINE], 32, 1)
        self.score_coarse, self.place_coarse = nn.Conv2d(_WIDTHS[-1], 6, 1), nn.Conv2d(_WIDTHS[-1], 96, 1)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(B, 3, H, W) -> logits (B, A), places (B, A, 16)."""
        stem = functional.relu(self.stem(functional.pad(images, (1, 2, 1, 2))))
        fine = self.blocks[:_FINE](stem)  # (B, 88, H / 8, W / 8): two anchors a cell
        coarse = self.blocks[_FINE:](fine)  # (B, 96, H / 16, W / 16): six anchors a cell
        scores = [_listed(self.score_fine(fine), 1), _listed(self.score_coarse(coarse), 1)]
        places = [_listed(self.place_fine(fine), 16), _listed(self.place_coarse(coarse), 16)]
        return torch.cat(scores, 1)[..., 0], torch.cat(places, 1)


def _listed(values: torch.Tensor, numbers: int) -> torch.Tensor:
    """(B, anchors * numbers, H, W) -> (B, H * W * anchors, numbers), cell by cell."""
    return values.permute(0, 2, 3, 1).reshape(len(values), -1, numbers)


def _anchors(height: int, width: int) -> torch.Tensor:
    """Centres of the anchors, x and y in pixels: (A, 2)."""
    middles = []
    for stride, each in ((8, 2), (16, 6)):
        down, across = ((torch.arange(side // stride) + 0.5) * stride for side in (height, width))
        rows, columns = torch.meshgrid(down, across, indexing="ij")
        middles.append(torch.stack([columns, rows], -1).reshape(-1, 2).repeat_interleave(each, 0))
    return torch.cat(middles)


class FaceDetector:
    """BlazeFace with its published weights."""

    def __init__(self) -> None:
        network = BlazeFace()
        network.load_state_dict(read_tensors(_WEIGHTS))
        self._network = network.to(memory_format=torch.channels_last).eval()

    def __call__(self, picture: np.ndarray, least: float) -> list[tuple[Box, float]]:
        """Find the faces of a picture that are about 25 to 120 pixels high.

        Parameters
        ----------
        picture : (H, W, 3) uint8 RGB
        least : smallest score, 0 to 1

        Returns
        -------
        faces, from the brows to the chin, in pixels, with the detector's score; highest score first
        """
        height, width = picture.shape[:2]
        padded = np.pad(picture, ((0, -height % _STEP), (0, -width % _STEP), (0, 0)))
        with torch.inference_mode():
            inputs = torch.from_numpy(padded)[None].permute(0, 3, 1, 2).float() / 127.5 - 1
            (logits,), (places,) = self._network(inputs)
            scores = logits.clamp(-80, 80).sigmoid()
            sure = scores >= least
            middles = places[sure, :2] + _anchors(*padded.shape[:2])[sure]
            boxes = torch.cat([middles - places[sure, 2:4] / 2, middles + places[sure, 2:4] / 2], -1)  # (N, 4)
        return _merged(boxes, scores[sure])


def _merged(boxes: torch.Tensor, scores: torch.Tensor) -> list[tuple[Box, float]]:
    """Average boxes (N, 4) of one face, weighted by their scores (N,), as BlazeFace's authors do."""
    faces = []
    while len(boxes):
        best = scores.argmax()
        same = box_iou(boxes, boxes[best, None])[:, 0] > _SAME_FACE
        same[best] = True
        left, top, right, bottom = ((boxes[same] * scores[same, None]).sum(0) / scores[same].sum()).tolist()
        faces.append((Box(top, left, bottom, right), float(scores[best])))
        boxes, scores = boxes[~same], scores[~same]
    return faces
