"""What is made once per machine, before worker processes start."""

from facefair_heads.camera.render import render
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import sample_shot


def warm_up() -> None:
    """Bake the body file and compile the kernels, which worker processes would else each do at once."""
    render(sample_person(0, hair="long", facial_hair="full", glasses="sunglasses"), sample_shot(0), size=16)
