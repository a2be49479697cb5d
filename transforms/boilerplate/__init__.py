"""Paragraphs that many documents share: found, counted, and where they are."""
