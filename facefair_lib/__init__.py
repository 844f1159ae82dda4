"""The helper package of the facefair compendium. Importing it is instant: its rooms are imported on use."""

from facefair_lib.models import torchvision_hook

__version__ = "0.1.0"

torchvision_hook.install()
