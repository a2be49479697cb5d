"""Judgements of a person on what a run did, and what follows from them."""
