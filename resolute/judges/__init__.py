"""Floor 2: instruments. Judges say whether an event happened; auditors look for the five risky patterns."""

JUDGES: dict[str, str] = {
    "exact": "resolute.judges.exact:EXACT",
    "refusal": "resolute.judges.refusal:REFUSAL",
}
"""Name -> loader of a `Judge`."""

AUDITORS: dict[str, str] = {"screen": "resolute.judges.screen:SCREEN"}
"""Name -> loader of an `Auditor`."""
