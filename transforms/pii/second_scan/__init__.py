"""A second look at finished texts that shares nothing with the detector."""
