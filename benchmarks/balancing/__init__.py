"""Weights: reference numbers, another package, and how long they take."""
