"""Measuring: metrics are pure functions on arrays and strings; evaluators take cases whose truth is
known and ask the verbs, never a model class, so that any outside model can be scored."""
