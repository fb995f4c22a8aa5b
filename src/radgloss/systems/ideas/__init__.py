"""Does a system's own idea earn its place? Each is trained with it and without it, and judged."""
