"""A checkpoint made able to speak in nouns."""
