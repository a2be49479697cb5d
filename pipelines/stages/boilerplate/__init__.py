"""Paragraphs that many documents of a source share: listed, or cut out."""
