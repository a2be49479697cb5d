"""Mentions of groups of people."""
