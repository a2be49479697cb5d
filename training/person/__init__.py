"""The recogniser of names of people in English text."""
