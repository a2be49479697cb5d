"""What the benchmarks share: processes, parts, tables and targets."""
