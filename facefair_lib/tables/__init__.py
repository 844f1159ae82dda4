"""The tables of notebooks 04 to 10: confusion counts and a table of images in, one tidy DataFrame out.

Every function takes the counts of all models at once and resamples people with one seed, so that the rows of two models
rest on the same replicates. Intervals are 95 % percentile intervals of a bootstrap over people; NaN = undefined.
"""
