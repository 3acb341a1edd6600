"""Floor 2: suites, the named sets of prompts, attacks and judges a model is evaluated with."""

SUITES: dict[str, str] = {
    "advbench": "resolute.suites.advbench:ADVBENCH",
    "xstest": "resolute.suites.xstest:XSTEST",
    "xstest-types": "resolute.suites.xstest:XSTEST_TYPES",
    "math500": "resolute.suites.maths:MATH500",
    "aime24": "resolute.suites.maths:AIME24",
    "humaneval": "resolute.suites.code:HUMANEVAL",
    "livecodebench": "resolute.suites.code:LIVECODEBENCH",
}
"""Name -> loader of a `Suite`."""
