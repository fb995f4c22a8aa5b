"""Measures of written reports: what was written held against what should have been.

Every measure is a `Family`: it turns each pair of texts into a row of counts, and the counts of any
set of pairs, added up, into its values. So one pass over the texts serves the corpus, every
resample and every swap of two systems (`sums`). Nothing here knows a file or a model."""
