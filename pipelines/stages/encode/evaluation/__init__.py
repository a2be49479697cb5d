"""`isinglass evaluate model`: a walk over `KINDS`, and what is written of it."""
