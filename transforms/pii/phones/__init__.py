"""Telephone numbers: found by form, plan and context words."""
