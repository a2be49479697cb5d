"""Scripts that make the models which are shipped, from permissive data."""
