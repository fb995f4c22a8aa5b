"""The reading room: what a person sees of the drafts, on the own machine only."""
