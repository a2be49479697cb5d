"""Transforms from record batch to record batch, and folds that merge.

Nothing in this layer reads the clock, the environment or the command line, and only
``isinglass.transforms.beam`` imports Apache Beam.
"""
