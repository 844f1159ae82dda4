"""Running the study: opening a stage, running one or all of them, and the sub-commands of ``facefair``."""
