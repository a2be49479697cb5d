"""Associations between sets of words in the vectors of a model; no encoder, no Beam."""
