"""Pure functions on arrays and strings, each tested against something we did not write."""
