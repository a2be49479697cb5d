"""One room for each capability."""
