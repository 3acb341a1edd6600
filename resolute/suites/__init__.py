"""Floor 2: suites, the named sets of prompts, attacks and judges a model is evaluated with."""

SUITES: dict[str, str] = {}
"""Name -> loader of a `Suite`."""
