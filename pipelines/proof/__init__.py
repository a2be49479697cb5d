"""Proving a finished run from its files alone: what `isinglass verify` does."""
