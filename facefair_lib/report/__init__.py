"""The report: its text is in the templates of ``report/``; here results are read, templates filled and LaTeX run."""
