"""Ready-made configurations that `isinglass init` writes."""
