"""Published data sets as their users meet them: where to get them, whether a folder is right, whom they show."""
