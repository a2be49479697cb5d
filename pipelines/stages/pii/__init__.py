"""Personal data: found, changed, measured, searched for again."""
