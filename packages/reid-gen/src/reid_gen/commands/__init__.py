"""The verbs of ``reid-gen``; one module a verb."""
