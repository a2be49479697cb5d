"""The report of a run: one HTML file and five lines for the terminal."""
