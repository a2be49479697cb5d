"""Vectors from which no linear predictor tells who is mentioned."""
