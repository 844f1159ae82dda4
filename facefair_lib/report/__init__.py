"""The report: its words are templates in ``report/``; here results are read, templates filled and LaTeX is run."""
