"""Data only: lexicons and recognizers, each with its source, licence and version."""
