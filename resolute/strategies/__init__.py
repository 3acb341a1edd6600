"""Floor 2: strategies, the ways a safe trace is asked for."""

STRATEGIES: dict[str, str] = {}
"""Name -> loader of a `Strategy`."""
