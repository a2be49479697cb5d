"""What the tests of associations cost, beside WEFE and gensim."""
