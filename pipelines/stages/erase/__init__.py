"""Erasure on request: listed documents and places go."""
