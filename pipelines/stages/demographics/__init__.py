"""Mentions of groups of people, and who is lost by cleaning."""
