"""How fast people are rendered, stage by stage, against casting the same camera rays and nothing else.

Run it from the repository's root::

    python benchmarks/render.py [--heads 24] [--sizes 128 256] [--processes 2]

Last measured on two cores of an AMD EPYC shared with other work (2026-11-22, 12 heads): .18 s of processor time per
head at 128 pixels and .34 s at 256, 3.6 and 1.9 times what casting the same camera rays alone takes (.051 s and
.183 s); 5.7 and 3.2 heads per second with two processes.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from facefair_heads.camera.render import detail_for
from facefair_heads.camera.render import render as render_one
from facefair_heads.camera.scene_cache import SceneCache, build_scene
from facefair_heads.camera.warm_up import warm_up
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import sample_shot
from facefair_heads.shading.rays import camera, cast, pixel_rays
from facefair_heads.warp_runtime import build_mesh, vectors

# The package's attribute "render" is the function, so the modules are asked for by name.
RENDER, TRACE = map(importlib.import_module, ("facefair_heads.camera.render", "facefair_heads.camera.scene_cache"))
SEED = 1000
STAGES = {
    "background": (RENDER, "background"),
    "head, hair and glasses": (TRACE, "build_scene"),
    "search tree for shadows": (TRACE, "build_mesh"),
    "what the camera sees": (TRACE, "visible"),
    "hits": (TRACE, "gather_hits"),
    "shadows": (TRACE, "soft_shadows"),
    "labels and materials": (RENDER, "shade_hits"),
    "light": (RENDER, "light_hits"),
    "samples to pixels": (RENDER, "composite"),
    "blur, exposure, grain": (RENDER, "develop"),
    "label vote": (RENDER, "vote"),
}
"""Stage -> the module and the function in it that is timed for it."""


@contextmanager
def timed(spent: dict[str, float]) -> Iterator[None]:
    """Add up the processor seconds spent in every stage while the block runs."""
    kept = {(module, name): getattr(module, name) for module, name in STAGES.values()}
    for stage, place in STAGES.items():
        setattr(*place, _timer(kept[place], stage, spent))
    try:
        yield
    finally:
        for place, function in kept.items():
            setattr(*place, function)


def _timer(function: Callable, stage: str, spent: dict[str, float]) -> Callable:
    def run(*args, **kwargs):
        start = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            spent[stage] = spent.get(stage, 0.0) + time.process_time() - start

    return run


def one(number: int, size: int) -> int:
    """Render one head; returns its number so that a pool has something small to send back."""
    render_one(sample_person(SEED + number), sample_shot(SEED + number), size)
    return number


def colours_only(size: int) -> float:
    """Processor seconds of a picture that differs from the last one in skin tone alone."""
    person, shot, cache = sample_person(SEED), sample_shot(SEED), SceneCache()
    render_one(person, shot, size, cache=cache)
    start = time.process_time()
    for tone in range(1, 11):
        render_one(dataclasses.replace(person, skin_tone=float(tone)), shot, size, cache=cache)
    return (time.process_time() - start) / 10


def cast_only(number: int, size: int) -> float:
    """Processor seconds to cast one head's camera rays with a search tree, scene and tree being there already."""
    person, shot = sample_person(SEED + number), sample_shot(SEED + number)
    world, view = build_scene(person, shot, detail_for(size)), camera(shot)
    mesh, rays = build_mesh(vectors(world.positions), world.triangles), pixel_rays(view, 2 * size)
    start = time.process_time()
    cast(mesh, view.origin, rays)
    return time.process_time() - start


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--heads", type=int, default=24, help="heads per measurement")
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256], help="picture sizes in pixels")
    parser.add_argument("--processes", type=int, default=2, help="worker processes; one per core is best")
    chosen = parser.parse_args()
    warm_up()
    for size in chosen.sizes:
        one(0, size)
        spent: dict[str, float] = {}
        start, processor = time.perf_counter(), time.process_time()
        with timed(spent):
            for number in range(chosen.heads):
                one(number, size)
        seconds = (time.perf_counter() - start) / chosen.heads
        processor = (time.process_time() - processor) / chosen.heads
        bare = sum(cast_only(number, size) for number in range(chosen.heads)) / chosen.heads
        print(f"\n{size} px, 2 x 2 samples, one process: {seconds:.3f} s per head, {1 / seconds:.2f} heads/s")
        print(f"  processor time {processor:.3f} s per head (the better measure on a machine that others use too)")
        for stage, total in sorted(spent.items(), key=lambda item: -item[1]):
            print(f"  {stage:<24}{total / chosen.heads * 1000:8.1f} ms")
        print(f"  casting its camera rays alone: {bare * 1000:.1f} ms; a head takes {processor / bare:.1f} times that")
        print(f"  the same head in another skin tone: {colours_only(size) * 1000:.1f} ms")
        with ProcessPoolExecutor(chosen.processes, mp_context=get_context("spawn")) as pool:
            list(pool.map(one, range(chosen.processes), [size] * chosen.processes))  # start and warm the workers
            start = time.perf_counter()
            list(pool.map(one, range(chosen.heads), [size] * chosen.heads))
            rate = chosen.heads / (time.perf_counter() - start)
        print(f"  {chosen.processes} processes: {rate:.2f} heads/s")


if __name__ == "__main__":
    main()
