"""The helper package of the facefair compendium. Importing it is instant: rooms are imported when they are used."""

from facefair_lib.models import torchvision_hook

__version__ = "0.1.0"

torchvision_hook.install()
