"""Recipes of the text-image alignment family."""
