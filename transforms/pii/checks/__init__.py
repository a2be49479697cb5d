"""Checks of single values: pure functions of a string, without context."""
