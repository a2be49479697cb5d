"""Parts of `benchmarks/pii.py`."""
