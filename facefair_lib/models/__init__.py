"""The networks of the study, behind one constructor."""

from facefair_lib.models.build import MODEL_NAMES, build_model, model_from_settings

__all__ = ["MODEL_NAMES", "build_model", "model_from_settings"]
