"""Concept erasure by LEACE: no linear predictor tells groups from erased vectors."""
