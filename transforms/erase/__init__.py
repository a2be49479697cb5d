"""Values of a request: found in texts, and taken out."""
