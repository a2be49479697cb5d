"""The parts of benchmarks/dedup.py; each runs what it measures in fresh processes."""
