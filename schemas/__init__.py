"""What data looks like: tables, configuration, manifest, reasons and errors.

The lowest layer: it imports neither Beam nor spaCy and nothing of the other layers.
"""
