"""Finding tokenizer and model files, and what makes them these and no others."""
