"""Demographic mentions: lexicons, counts, balancing weights and retention."""
