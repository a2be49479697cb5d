"""Exact and near-duplicate detection as pure functions over whole batches."""
