"""Found spans held against labelled ones."""
