"""Mode `exact`: Presidio itself, in batches and within limits of time and memory."""
