"""Figures 1 and 2: diagrams of the two networks, drawn from the settings of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.figures.networks.shapes import (
    BLUE,
    DEPTH,
    GREEN,
    ORANGE,
    STONE,
    VIOLET,
    arrow,
    bins_glyph,
    block,
    face_glyph,
    kernel_glyph,
    line,
    panel,
    slab,
    write,
)
from facefair_lib.scores import titles

HEIGHT = 2.5  # inches
MIDDLE = 1.24
"""Height of the main path."""
_LEFT, _PICTURE = 0.08, 0.66
_ENTRY, _ENTRY_WIDTH = _LEFT + _PICTURE + 0.16, 1.6
_LANE = 0.17
"""Height of the lane of a fine map, below the panels."""
_PANEL = 1.44
_JOINED, _TO_JOINED = 1.3, 0.34
_LEVEL_COLOURS = ("#b5523b", "#d99a4e", "#6aa67c", "#5b8fb9", "#9a82b8", "#7d8597")


@dataclass(frozen=True)
class Trunk:
    """What both networks share.

    Parameters
    ----------
    input_size : pixels, side of a square or (height, width)
    backbone : name to print
    output_stride : input side / feature side; later stages are dilated instead of strided
    feature_channels : channels of the backbone's output
    num_classes : classes of the mask
    stages : number of backbone stages that are used
    fine_strides : strides of the finer maps that join the head, in this order; none in the published networks
    mix_channels : channels after each of these joins
    """

    input_size: int | tuple[int, int]
    backbone: str
    output_stride: int
    feature_channels: int
    num_classes: int
    stages: int = 5
    fine_strides: Sequence[int] = ()
    mix_channels: int = 0

    @property
    def sides(self) -> tuple[int, ...]:
        """Height and width of the input, pixels."""
        return (self.input_size,) * 2 if isinstance(self.input_size, int) else tuple(self.input_size)

    @property
    def words(self) -> str:
        """The trunk and the fine maps in words, for a figure's description."""
        fine = "".join(f", joined by the map of stride {stride}" for stride in self.fine_strides)
        return f"{self.backbone} with output stride {self.output_stride}{fine}"

    def at_input(self, channels: int) -> str:
        """Shape of a tensor as large as the input."""
        return "×".join(map(str, (*self.sides, channels)))

    def at_features(self, channels: int) -> str:
        """Shape of a tensor as large as the features."""
        return "×".join(map(str, (*(-(-side // self.output_stride) for side in self.sides), channels)))


def deeplabv3_architecture(*, aspp_channels: int, atrous_rates: Sequence[int], **trunk: object) -> Figure:
    """Figure 1: DeepLabV3.

    Parameters
    ----------
    aspp_channels : channels of each ASPP branch and of the convolutions after it
    atrous_rates : dilation rates of the 3x3 branches
    trunk : fields of ``Trunk``; the backbone by its name in a profile

    Notes
    -----
    Source: Chen et al., Rethinking atrous convolution for semantic image segmentation, arXiv:1706.05587, figure 5.
    """
    sizes = _checked("deeplabv3", trunk, [aspp_channels], atrous_rates)
    colours = [BLUE, *[GREEN] * len(atrous_rates), ORANGE]
    # With fine maps, their convolutions replace the second one of the head.
    kernels = ["1×1"] if sizes.fine_strides else ["1×1", "3×3"]
    convolutions = [*(f"{kernel} conv, {aspp_channels}" for kernel in kernels), "1×1 conv"]
    with style.look():
        figure, axes = _canvas(sizes)
        left = _draw_aspp(axes, _draw_entry(axes, sizes), atrous_rates, colours)
        _draw_head(axes, left, sizes, colours, len(colours) * aspp_channels, convolutions)
    rates = ", ".join(map(str, atrous_rates))
    return style.describe(
        figure,
        f"DeepLabV3: {sizes.words}, atrous spatial pyramid pooling with "
        f"rates {rates}, and a head that gives {sizes.num_classes} classes at the size of the input.",
    )


def pspnet_architecture(
    *, pyramid_bins: Sequence[int], pyramid_channels: int, bottleneck_channels: int, **trunk: object
) -> Figure:
    """Figure 2: PSPNet.

    Parameters
    ----------
    pyramid_bins : cells per side of each pooled grid
    pyramid_channels : channels of each pyramid level
    bottleneck_channels : channels of the convolution after the levels have joined the features
    trunk : fields of ``Trunk``; the backbone by its name in a profile

    Notes
    -----
    Source: Zhao et al., Pyramid scene parsing network, CVPR 2017, figure 3.
    """
    sizes = _checked("pspnet", trunk, [pyramid_channels, bottleneck_channels], pyramid_bins)
    colours = [_LEVEL_COLOURS[order % len(_LEVEL_COLOURS)] for order in range(len(pyramid_bins))]
    joined = sizes.feature_channels + len(pyramid_bins) * pyramid_channels
    with style.look():
        figure, axes = _canvas(sizes)
        left = _draw_pyramid(axes, _draw_entry(axes, sizes), pyramid_bins, colours, pyramid_channels)
        last = "1×1 conv" if sizes.fine_strides else "3×3 conv"
        _draw_head(axes, left, sizes, [*colours, STONE], joined, [f"1×1 conv, {bottleneck_channels}", last])
    bins = ", ".join(map(str, pyramid_bins))
    return style.describe(
        figure,
        f"PSPNet: {sizes.words}, pyramid pooling with {bins} cells per "
        f"side, and a head that gives {sizes.num_classes} classes at the size of the input.",
    )


def _checked(model: str, fields: Mapping[str, object], channels: Sequence[int], levels: Sequence[int]) -> Trunk:
    trunk = Trunk(**{**fields, "backbone": titles.backbone_title(str(fields["backbone"]), model)})
    counts = (*trunk.sides, trunk.stages, trunk.feature_channels, *channels, trunk.num_classes, *levels)
    if len(trunk.sides) != 2 or len(levels) == 0 or min(counts) < 1:
        raise InputError(
            "architecture diagram",
            found=f"input size {trunk.input_size}, {trunk.stages} stages, channels and classes "
            f"{(trunk.feature_channels, *channels, trunk.num_classes)}, rates or bins {levels}",
            expected="positive whole numbers, at least one rate or bin",
            do="take them from the profile that built the model",
        )
    if trunk.output_stride not in {2**power for power in range(1, trunk.stages + 1)}:
        raise InputError(
            "architecture diagram",
            found=f"output stride {trunk.output_stride} with {trunk.stages} stages",
            expected=f"a power of two from 2 to {2**trunk.stages}",
            do="give the output stride that the model was built with",
        )
    return trunk


def _canvas(trunk: Trunk) -> tuple[style.PaperFigure, Axes]:
    """Make the canvas, with a lane for every fine map below the panels."""
    below = _LANE * len(trunk.fine_strides)
    figure, axes = style.canvas(style.PAGE_WIDTH, HEIGHT + below)
    axes.set_ylim(-below, HEIGHT)
    return figure, axes


def _draw_entry(axes: Axes, trunk: Trunk) -> float:
    """Draw the input picture and the backbone; returns the x at which the features leave the backbone."""
    left = _LEFT
    face_glyph(axes, left, MIDDLE, _PICTURE, mask=False)
    write(axes, left + _PICTURE / 2, MIDDLE + 0.43, "Input", fontweight="bold", fontsize=style.SMALL_SIZE)
    write(axes, left + _PICTURE / 2, MIDDLE - 0.42, trunk.at_input(3))
    start, width = _ENTRY, _ENTRY_WIDTH
    arrow(axes, (left + _PICTURE + 0.02, MIDDLE), (start + 0.06, MIDDLE))
    panel(axes, start, 0.12, width, HEIGHT - 0.24, trunk.backbone.replace(" to ", "\nto "), STONE)
    _draw_stages(axes, start, width, trunk)
    write(axes, start + width / 2, 0.33, f"output {trunk.at_features(trunk.feature_channels)}")
    return start + width


def _draw_stages(axes: Axes, start: float, width: float, trunk: Trunk) -> None:
    stages = trunk.stages
    strides = [min(2**power, trunk.output_stride) for power in range(1, stages + 1)]
    step = (width - 0.2) / stages
    dilated = [order for order in range(1, stages) if strides[order] == strides[order - 1]]
    for order, stride in enumerate(strides):
        height = 1.15 * (2 / stride) ** 0.4
        x = start + 0.1 + order * step
        slab(axes, x, MIDDLE, 0.07 + 0.09 * order / stages, height, [VIOLET if order in dilated else BLUE])
        write(axes, x + 0.07, MIDDLE - 0.7, f"1/{stride}")
    if dilated:
        ends = [start + 0.1 + dilated[0] * step - 0.02, start + 0.1 + dilated[-1] * step + 0.21]
        y = MIDDLE + 0.575 * (2 / trunk.output_stride) ** 0.4 + 0.17
        axes.plot([ends[0], ends[0], ends[1], ends[1]], [y - 0.04, y, y, y - 0.04], color=style.GREY, linewidth=0.7)
        write(axes, sum(ends) / 2, y + 0.08, "dilated")


def _draw_lane(axes: Axes, trunk: Trunk, order: int, end: float) -> None:
    """Draw the path of a fine map: from its stage along the bottom to the convolution that it joins."""
    stride = trunk.fine_strides[order]
    stage = [min(2**power, trunk.output_stride) for power in range(1, trunk.stages + 1)].index(stride)
    begin = _ENTRY + 0.17 + stage * (_ENTRY_WIDTH - 0.2) / trunk.stages
    lane = -_LANE * (order + 0.4)
    line(axes, (begin, 0.12), (begin, lane), (end, lane))
    arrow(axes, (end, lane), (end, MIDDLE - 0.65))
    write(axes, begin + 0.06, lane + 0.07, f"1/{stride} map", ha="left")


def _fan(axes: Axes, left: float, right: float, count: int, centre: float) -> list[float]:
    """Split the main path into ``count`` branches around ``centre``; returns their heights from top to bottom."""
    pitch = min(0.38, 1.78 / count)
    heights = [centre + pitch * ((count - 1) / 2 - order) for order in range(count)]
    bend = left + 0.12
    line(axes, (left, MIDDLE), (bend, MIDDLE))
    line(axes, (bend, max(*heights, MIDDLE)), (bend, min(*heights, MIDDLE)))
    for y in heights:
        arrow(axes, (bend, y), (right, y))
    return heights


def _draw_aspp(axes: Axes, left: float, rates: Sequence[int], colours: Sequence[str]) -> float:
    """Draw ASPP: 1x1, one dilated 3x3 per rate, image pooling; returns the panel's right edge."""
    start, width = left + 0.22, _PANEL
    panel(axes, start, 0.12, width, HEIGHT - 0.24, "Atrous spatial\npyramid pooling", GREEN)
    heights = _fan(axes, left, start + 0.1, len(rates) + 2, 1.14)
    side = min(0.31, 0.8 * abs(heights[0] - heights[1]))
    texts = ["1×1 conv", *[f"3×3 conv, rate {rate}" for rate in rates], "image pooling"]
    for y, text, colour in zip(heights, texts, colours, strict=True):
        block(axes, (start + 0.1, y), (width - 0.2, side + 0.02), "", colour)
        write(axes, start + 0.15 + side, y, text, ha="left")
    for y, rate in zip(heights[1:-1], rates, strict=True):
        kernel_glyph(axes, start + 0.14, y, side - 0.05, rate, max(rates))
    return start + width


def _draw_pyramid(axes: Axes, left: float, bins: Sequence[int], colours: Sequence[str], channels: int) -> float:
    """Draw pyramid pooling: one grid per level, the features passing below; returns the panel's right edge."""
    start, width = left + 0.22, _PANEL
    panel(axes, start, 0.36, width, HEIGHT - 0.48, "Pyramid pooling", ORANGE)
    heights = _fan(axes, left, start + 0.1, len(bins), 1.36)
    side = min(0.31, 0.8 * abs(heights[0] - heights[-1]) / max(1, len(bins) - 1) or 0.31)
    for y, cells, colour in zip(heights, bins, colours, strict=True):
        block(axes, (start + 0.1, y), (width - 0.2, side + 0.02), "", colour)
        bins_glyph(axes, start + 0.14, y, side - 0.06, cells, colour)
        write(axes, start + 0.2 + side, y, f"pool to {cells}×{cells}\n1×1 conv, {channels}", ha="left", fontsize=6)
    write(axes, start + width / 2, 0.45, "each upsampled to the features", fontsize=6)
    bend, beside = left + 0.12, start + width + _TO_JOINED + 0.06
    line(axes, (bend, MIDDLE), (bend, 0.2), (beside, 0.2))
    arrow(axes, (beside, 0.2), (beside, MIDDLE - _JOINED / 2))
    write(axes, start + width / 2, 0.27, "features unchanged", fontsize=6)
    return start + width


def _draw_head(
    axes: Axes, left: float, trunk: Trunk, bands: Sequence[str], joined: int, convolutions: Sequence[str]
) -> None:
    """Draw the concatenation of ``joined`` channels, the convolutions, the upsampling and the mask.

    The last convolution classifies; fine maps join before it.
    """
    x = left + _TO_JOINED
    arrow(axes, (left, MIDDLE), (x, MIDDLE))
    slab(axes, x, MIDDLE, 0.12, _JOINED, bands)
    write(axes, x + 0.1, MIDDLE + _JOINED / 2 + 0.26, f"concatenated\n{trunk.at_features(joined)}")
    right = x + 0.12 + DEPTH
    mask_left = style.PAGE_WIDTH - 0.08 - _PICTURE
    fine = [f"+ 1/{stride} map: 3×3 conv, {trunk.mix_channels}" for stride in trunk.fine_strides]
    texts = [*convolutions[:-1], *fine, f"{convolutions[-1]}, {trunk.num_classes}"]
    texts.append(f"bilinear upsampling ×{min((trunk.output_stride, *trunk.fine_strides))}")
    thickness = 0.2
    gap = (mask_left - right - thickness * len(texts)) / (len(texts) + 1)
    for order, text in enumerate(texts):
        arrow(axes, (right, MIDDLE), (right + gap, MIDDLE))
        colour = STONE if order == len(texts) - 1 else VIOLET if text in fine else BLUE
        block(axes, (right + gap, MIDDLE), (thickness, 1.3), text, colour, rotation=90)
        if text in fine:
            _draw_lane(axes, trunk, fine.index(text), right + gap + thickness / 2)
        right += gap + thickness
    arrow(axes, (right, MIDDLE), (mask_left, MIDDLE))
    face_glyph(axes, mask_left, MIDDLE, _PICTURE, mask=True)
    write(axes, mask_left + _PICTURE / 2, MIDDLE + 0.43, "Mask", fontweight="bold", fontsize=style.SMALL_SIZE)
    write(axes, mask_left + _PICTURE / 2, MIDDLE - 0.47, f"{trunk.at_input(trunk.num_classes)}\nlargest logit")
