"""Beam wiring and everything that spans shards; no per-row logic lives here."""
