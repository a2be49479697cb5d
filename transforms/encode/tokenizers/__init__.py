"""Text to token ids: fast libraries where they are exact, the reference elsewhere."""
