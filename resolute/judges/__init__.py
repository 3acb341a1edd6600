"""Floor 2: instruments. Judges say whether an event happened; auditors look for the five risky patterns."""

JUDGES: dict[str, str] = {
    "code": "resolute.judges.code:CODE",
    "choice": "resolute.judges.choice:CHOICE",
    "exact": "resolute.judges.exact:EXACT",
    "refusal": "resolute.judges.refusal:REFUSAL",
}
"""Name -> loader of a `Judge`."""

AUDITORS: dict[str, str] = {"screen": "resolute.judges.screen:SCREEN"}
"""Name -> loader of an `Auditor`."""

ASKED: dict[str, str] = {
    "gpt-oss-safeguard": "resolute.judges.gpt_oss_safeguard:GPT_OSS_SAFEGUARD",
    "harmbench": "resolute.judges.harmbench:HARMBENCH",
    "llama-guard-3": "resolute.judges.llama_guard:LLAMA_GUARD_3",
    "qwen3guard": "resolute.judges.qwen3guard:QWEN3GUARD",
    "qwen3guard-refusal": "resolute.judges.qwen3guard:QWEN3GUARD_REFUSAL",
    "reasoning-shield": "resolute.judges.reasoning_shield:REASONING_SHIELD",
    "refusal-rubric": "resolute.judges.refusal_rubric:REFUSAL_RUBRIC",
    "strongreject": "resolute.judges.strongreject:STRONGREJECT",
    "wildguard": "resolute.judges.wildguard:WILDGUARD",
    "wildguard-refusal": "resolute.judges.wildguard:WILDGUARD_REFUSAL",
}
"""Name -> loader of an `Asked`, an instrument that asks a model."""

ASKED_AUDITORS: dict[str, str] = {"risks": "resolute.judges.risks:RISKS"}
"""Name -> loader of an `AskedAuditor`."""
