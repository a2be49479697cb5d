"""What happened to one record of a finished run, and on what evidence."""
