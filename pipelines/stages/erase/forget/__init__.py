"""Erasure on request: what `isinglass forget` does."""
