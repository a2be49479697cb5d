"""Verbatim repeats: windows of words, and their share of the characters."""
