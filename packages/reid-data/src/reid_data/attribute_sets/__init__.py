"""Readers of published attribute tables, one file a form; each gives `Attributes`."""
