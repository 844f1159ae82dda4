"""The study as its users start it: opening a stage, running one, running all, the sub-commands of ``facefair``."""
