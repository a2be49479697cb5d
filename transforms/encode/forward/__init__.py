"""Forward passes: token ids of a batch to hidden states, and these to vectors."""
