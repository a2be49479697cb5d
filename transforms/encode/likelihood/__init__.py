"""How likely words are to a language model: heads, and tests of pairs of sentences."""
