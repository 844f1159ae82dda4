"""The networks of the study, behind one constructor: ``build.build_model``."""
