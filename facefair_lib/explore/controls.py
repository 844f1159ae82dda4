"""What the explorers share: labelled controls that work from the keyboard, their style, and access to a study."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import ipywidgets as widgets

from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import Profile, load_profile, profile_names
from facefair_lib.store import stages as store_stages
from facefair_lib.store.results import Stage

if TYPE_CHECKING:
    from facefair_lib.study.open import Study

_numbers = itertools.count(1)

# Sizes in rem and the colours of the page's theme, so that text follows the reader's settings and a dark theme.
_STYLE = """<style onload="{name_sliders}">
.facefair { font-size: 15px; line-height: 1.4; color: var(--jp-ui-font-color1, #1a1a1a); }
.facefair .widget-label, .facefair label, .facefair select, .facefair input, .facefair button { font-size: 15px; }
.facefair-column .widget-label { text-align: left; }
.facefair .widget-html-content { font-size: 15px; line-height: 1.4; }
.facefair :is(button, input, select, [role=slider], [tabindex]):focus-visible {
  outline: 3px solid #0072b2; outline-offset: 1px; }
.facefair-row { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(8rem, 15rem); gap: 0.75rem;
  padding: 0.5rem 0; border-top: 1px solid var(--jp-border-color2, #ccc); }
.facefair-row figure { margin: 0; }
.facefair-row figcaption { padding-top: 0.25rem; overflow-wrap: anywhere; }
.facefair-stack { position: relative; line-height: 0; }
.facefair-stack img { width: 100%; height: auto; display: block; max-width: none; }
.facefair-stack img.facefair-mask { position: absolute; inset: 0; image-rendering: pixelated; }
.facefair-grey img:first-child { filter: grayscale(1) brightness(1.1); }
.facefair-swatch { display: inline-block; width: 1em; height: 1em; margin-right: 0.4em; vertical-align: -0.12em;
  border: 1px solid #666; }
.facefair-legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; }
.facefair-note { color: var(--jp-ui-font-color2, #555); }
.facefair-error { color: #b00020; font-weight: bold; }
.facefair table { border-collapse: collapse; font-size: 15px; font-variant-numeric: tabular-nums; }
.facefair caption { text-align: left; font-weight: bold; padding: 0.3rem 0; }
.facefair th, .facefair td { padding: 0.15rem 0.7rem; text-align: right;
  border-bottom: 1px solid var(--jp-border-color2, #ddd); }
.facefair th:first-child, .facefair td.facefair-text { text-align: left; }
.facefair tr.facefair-small { color: var(--jp-ui-font-color2, #6b6b6b); background: rgba(128, 128, 128, 0.15); }
.facefair svg { max-width: 100%; height: auto; }
.facefair svg text { fill: currentColor; font-family: inherit; }
</style>"""


# ipywidgets connects a dropdown with its label but not a slider's handle: a screen reader would only say "slider, 3".
# The handler runs in the page when the style is loaded, and again when something is added.
_NAME_SLIDERS = (
    "const box = this.closest('.facefair'); const name = () => box.querySelectorAll('.widget-slider').forEach("
    "s => s.querySelector('[role=slider]')?.setAttribute('aria-label', s.querySelector('label').textContent)); "
    "name(); new MutationObserver(name).observe(box, {childList: true, subtree: true})"
)


def panel(parts: Iterable[widgets.Widget]) -> widgets.VBox:
    """Stack an explorer's parts, in the explorers' style."""
    box = widgets.VBox(
        [widgets.HTML(_STYLE.replace("{name_sliders}", _NAME_SLIDERS), layout=widgets.Layout(display="none")), *parts]
    )
    box.add_class("facefair")
    return box


def column(*parts: widgets.Widget) -> widgets.VBox:
    """Stack controls, with labels of equal width."""
    for part in parts:
        part.style.description_width, part.layout.width = "10.5rem", "24rem"
    box = widgets.VBox(list(parts), layout=widgets.Layout(flex="0 0 auto"))
    box.add_class("facefair-column")
    return box


def row(*parts: widgets.Widget) -> widgets.HBox:
    """Put controls side by side, on several lines if they do not fit on one."""
    return widgets.HBox(
        list(parts), layout=widgets.Layout(flex_flow="row wrap", align_items="center", grid_gap="4px 12px")
    )


def dropdown(label: str, options: Mapping[str, object] | Iterable, value: object = None) -> widgets.Dropdown:
    """Choose one of several options; a mapping gives each option that is shown its value."""
    entries = list(options.items()) if isinstance(options, Mapping) else list(options)
    first = entries[0][1] if isinstance(entries[0], tuple) else entries[0]
    return widgets.Dropdown(options=entries, value=first if value is None else value, **_labelled(label, "auto"))


def slider(label: str, low: float, high: float, step: float, value: float) -> widgets.FloatSlider:
    """Choose a number; the slider reports every position that it passes."""
    readout = ".0f" if step >= 1 else ".1f" if step >= 0.1 else ".2f"
    return widgets.FloatSlider(
        min=low, max=high, step=step, value=value, readout_format=readout, **_labelled(label, "21rem")
    )


def whole_number(label: str) -> widgets.BoundedIntText:
    """Type a whole number from 1 upwards; the caller sets the maximum."""
    return widgets.BoundedIntText(value=1, min=1, max=1, **_labelled(label, "9rem"))


def number_field(label: str) -> widgets.Text:
    """Type a number, or leave the field empty; the caller checks the text."""
    return widgets.Text(placeholder="not given", **_labelled(label, "12rem"))


def button(label: str, action: Callable[[], object]) -> widgets.Button:
    """Make a button that calls ``action``."""
    made = widgets.Button(description=label, tooltip=label, layout=widgets.Layout(width="auto"))
    made.on_click(lambda _: action())
    return made


def checkbox(label: str, value: bool = True) -> widgets.Checkbox:
    """Switch something on or off."""
    return widgets.Checkbox(value=value, description=label, indent=False, tooltip=label, layout={"width": "auto"})


def text() -> widgets.HTML:
    """Make an area for text, tables and pictures."""
    return widgets.HTML(layout=widgets.Layout(width="100%"))


def opacity_control(box: widgets.DOMWidget) -> tuple[widgets.FloatSlider, widgets.HTML]:
    """Make a slider for the opacity of the masks in ``box``, and the invisible widget that holds the CSS.

    The slider only changes a line of CSS: no picture is drawn or sent again.
    """
    name = f"facefair-{next(_numbers)}"
    box.add_class(name)
    control, style = slider("Overlay opacity", 0, 1, 0.05, 0.6), widgets.HTML(layout=widgets.Layout(display="none"))

    def apply(*_: object) -> None:
        style.value = f"<style>.{name} .facefair-mask {{ opacity: {control.value:.2f}; }}</style>"

    control.observe(apply, "value")
    apply()
    return control, style


def profile_of(study: Study | str) -> Profile:
    """The profile of an open study, or the one of this name."""
    return load_profile(study) if isinstance(study, str) else study.settings


def stage_of(profile: Profile, name: str) -> Stage:
    """Open a stage's results; reading them is not recorded, because an explorer writes no results."""
    return Stage(paths.results_dir(profile.name) / name)


def check_has_run(profile: str) -> None:
    """Raise ``InputError`` if a profile's two networks have not been fitted."""
    missing = _missing_fits(profile)
    if missing:
        others = [name for name in profile_names() if has_run(name)]
        instead = f", or open {' or '.join(map(repr, others))}, which has been run" if others else ""
        command = "make study" + ("" if profile == paths.DEFAULT_PROFILE else f" PROFILE={profile}")
        raise InputError(
            f"the study of profile {profile!r}",
            found=f"no results of {missing[0]}",
            expected="a study that has been run",
            do=f"run it first: {command}{instead}",
        )


def has_run(profile: str) -> bool:
    """Whether both networks of a profile have been fitted."""
    return not _missing_fits(profile)


def _missing_fits(profile: str) -> list[str]:
    """The training stages without results in a profile."""
    stages = store_stages.TRAINING_STAGES.values()
    return [stage for stage in stages if not (paths.results_dir(profile) / stage / "test_predictions.npy").exists()]


def _labelled(label: str, width: str) -> dict[str, object]:
    return {
        "description": label,
        "tooltip": label,
        "style": {"description_width": "initial"},
        "layout": widgets.Layout(width=width),
    }
