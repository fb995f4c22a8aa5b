"""Representations and ways of learning: each recipe with its defining mechanism, and without."""
