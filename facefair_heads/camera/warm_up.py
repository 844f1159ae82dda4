"""What is made once per machine, made before worker processes start."""

from facefair_heads.camera.render import render
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import sample_shot


def warm_up() -> None:
    """Bake the body file and compile the ray-casting kernels, once, before worker processes start."""
    render(sample_person(0, hair="long", facial_hair="full", glasses="sunglasses"), sample_shot(0), size=16)
