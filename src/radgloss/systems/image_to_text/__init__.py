"""Recipes of the image-to-text family, and what turns what they train into checkpoints."""
