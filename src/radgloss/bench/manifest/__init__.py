"""A model judged on the studies of a manifest, simulated or real: `radgloss eval`."""
