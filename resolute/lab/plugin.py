"""The lab as a plug-in: plain mappings from a name to a loader, exactly as anybody else's plug-in has them."""

PROMPTS: dict[str, str] = {}
STRATEGIES: dict[str, str] = {}
ATTACKS: dict[str, str] = {}
JUDGES: dict[str, str] = {}
AUDITORS: dict[str, str] = {}
SUITES: dict[str, str] = {}
MODELS: dict[str, str] = {}
