"""Documents that hold a text of an evaluation set."""
