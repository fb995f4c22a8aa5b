"""Suites that judge: data and evaluators brought together, a table and a page as the result."""
