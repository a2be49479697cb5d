"""Kept documents for trainers, in a folder of their own."""
