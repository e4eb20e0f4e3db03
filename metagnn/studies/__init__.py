"""Experiments and side-by-side measurements: models and their rivals on the same data."""
