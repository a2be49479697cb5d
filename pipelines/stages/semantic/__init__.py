"""Clusters of the vectors: a report, nothing is removed."""
