"""Parts of benchmarks/scripts.py."""
