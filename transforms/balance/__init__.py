"""Weights under targets: solved, and whether they can be reached."""
