"""Fake identifiers, planted to measure what detection misses."""
