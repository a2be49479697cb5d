"""Deduplication: who stays for whom, by what evidence."""
