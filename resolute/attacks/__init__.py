"""Floor 2: attacks. Each turns a prompt into sent messages, pure or over the `ask` and the roles it is handed."""

ATTACKS: dict[str, str] = {
    "none": "resolute.attacks.none:NONE",
    "framings": "resolute.attacks.framings:FRAMINGS",
    "pap": "resolute.attacks.pap:PAP",
    "pair": "resolute.attacks.pair:PAIR",
    "integrity": "resolute.attacks.integrity:INTEGRITY",
    "prefill-answer": "resolute.attacks.thoughts:PREFILL_ANSWER",
    "prefill-thought": "resolute.attacks.thoughts:PREFILL_THOUGHT",
    "think-at": "resolute.attacks.think_at:THINK_AT",
    "think-zero": "resolute.attacks.thoughts:THINK_ZERO",
    "think-less": "resolute.attacks.thoughts:THINK_LESS",
    "think-more": "resolute.attacks.thoughts:THINK_MORE",
}
"""Name -> loader of an `Attack`, or of `Several` under one name."""
