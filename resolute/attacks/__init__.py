"""Floor 2: attacks. Each turns a prompt into sent messages, pure or over the `ask` it is handed."""

ATTACKS: dict[str, str] = {"none": "resolute.attacks.none:NONE"}
"""Name -> loader of an `Attack`."""
