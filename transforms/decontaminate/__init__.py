"""Evaluation items in documents: an index of the items, and the search in it."""
