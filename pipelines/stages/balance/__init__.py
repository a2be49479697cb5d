"""Weights by which mentions of groups reach their targets."""
