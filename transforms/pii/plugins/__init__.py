"""Recognizers and lists of the user."""
