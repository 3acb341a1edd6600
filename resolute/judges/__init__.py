"""Floor 2: instruments. Judges say whether an event happened; auditors look for the five risky patterns."""

JUDGES: dict[str, str] = {}
"""Name -> loader of a `Judge`."""

AUDITORS: dict[str, str] = {"screen": "resolute.judges.screen:SCREEN"}
"""Name -> loader of an `Auditor`."""
