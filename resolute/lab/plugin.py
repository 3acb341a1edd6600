"""The lab as a plug-in: plain mappings from a name to a loader, exactly as anybody else's plug-in has them."""

PROMPTS: dict[str, str] = {
    f"lab/{kind}-{split}": f"resolute.lab.sources:{kind}_{split}"
    for kind in ("harmful", "benign", "maths")
    for split in ("train", "tune", "test")
}
STRATEGIES: dict[str, str] = {"lab/nocot": "resolute.lab.suite:NOCOT"}
ATTACKS: dict[str, str] = {
    "lab/persona": "resolute.lab.probes:PERSONA",
    "lab/persuasion": "resolute.lab.probes:PERSUASION",
    "lab/pair-like": "resolute.lab.probes:PAIR_LIKE",
    "lab/integrity": "resolute.lab.integrity:BESIDE",
}
JUDGES: dict[str, str] = {
    "lab/strict": "resolute.lab.instruments:STRICT",
    "lab/garbled": "resolute.lab.instruments:GARBLED",
    "lab/guard": "resolute.lab.instruments:GUARD",
    "lab/refused": "resolute.lab.instruments:REFUSED",
    "lab/correct": "resolute.lab.instruments:CORRECT",
    "lab/turned": "resolute.lab.integrity:TURNED",
}
AUDITORS: dict[str, str] = {"lab/oracle": "resolute.lab.instruments:AUDITOR"}
SUITES: dict[str, str] = {
    "lab": "resolute.lab.suite:TEST",
    "lab/tune": "resolute.lab.suite:TUNE",
    "lab/integrity": "resolute.lab.integrity:SUITE",
}
MODELS: dict[str, str] = {
    "lab/base": "resolute.lab.models:BASE",
    "lab/teacher": "resolute.lab.models:TEACHER",
    "lab/teacher-weak-only": "resolute.lab.models:WEAK_ONLY",
    "lab/teacher-weak-paraphrased": "resolute.lab.models:WEAK_PARAPHRASED",
    "lab/teacher-other-only": "resolute.lab.models:OTHER_ONLY",
    "lab/teacher-clean": "resolute.lab.models:CLEAN",
    "lab/teacher-clean-long": "resolute.lab.models:CLEAN_LONG",
    "lab/teacher-clean-named": "resolute.lab.models:CLEAN_NAMED",
    "lab/repairer": "resolute.lab.models:REPAIRER",
    "lab/attacker": "resolute.lab.models:ATTACKER",
    "lab/turning": "resolute.lab.integrity:TURNING",
}
