"""Demographic mentions: lexicons and counts."""
