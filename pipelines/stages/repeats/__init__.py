"""Verbatim repeats: how much of the text stands in the corpus more than once."""
