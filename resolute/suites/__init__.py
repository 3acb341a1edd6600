"""Floor 2: suites, the named sets of prompts, attacks and judges a model is evaluated with."""

SUITES: dict[str, str] = {
    "advbench": "resolute.suites.advbench:ADVBENCH",
    "harmbench": "resolute.suites.safety:HARMBENCH",
    "strongreject": "resolute.suites.safety:STRONGREJECT",
    "jailbreakbench": "resolute.suites.jailbreakbench:JAILBREAKBENCH",
    "wildjailbreak": "resolute.suites.safety:WILDJAILBREAK",
    "safety": "resolute.suites.safety:SAFETY",
    "xstest": "resolute.suites.xstest:XSTEST",
    "xstest-types": "resolute.suites.xstest:XSTEST_TYPES",
    "xstest-contrast": "resolute.suites.xstest:XSTEST_CONTRAST",
    "or-bench": "resolute.suites.over_refusal:OR_BENCH",
    "over-refusal": "resolute.suites.over_refusal:OVER_REFUSAL",
    "math500": "resolute.suites.reasoning:MATH500",
    "aime24": "resolute.suites.reasoning:AIME24",
    "aime25": "resolute.suites.reasoning:AIME25",
    "gsm8k": "resolute.suites.reasoning:GSM8K",
    "gpqa-diamond": "resolute.suites.reasoning:GPQA",
    "reasoning": "resolute.suites.reasoning:REASONING",
    "integrity": "resolute.suites.integrity:INTEGRITY",
    "full": "resolute.suites.combined:FULL",
    "paper": "resolute.suites.combined:PAPER",
    "code": "resolute.suites.code:CODE",
    "humaneval": "resolute.suites.code:HUMANEVAL",
    "livecodebench": "resolute.suites.code:LIVECODEBENCH",
    "livecodebench-paper": "resolute.suites.code:PAPER",
}
"""Name -> loader of a `Suite`."""
