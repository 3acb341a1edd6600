"""Floor 2: prompt sources. Each gives `Prompt` records from a file of the data folder (see `core.sources`)."""

from resolute.core.sources import load_prompts

__all__ = ["PROMPTS", "load_prompts"]

PROMPTS: dict[str, str] = {
    "advbench": "resolute.prompts.advbench:advbench",
    "pap-advbench": "resolute.prompts.advbench:pap_advbench",
    "harmbench": "resolute.prompts.harmbench:everything",
    "harmbench-standard": "resolute.prompts.harmbench:standard",
    "harmbench-contextual": "resolute.prompts.harmbench:contextual",
    "harmbench-copyright": "resolute.prompts.harmbench:copyrighted",
    "strongreject": "resolute.prompts.strongreject:strongreject",
    "jailbreakbench": "resolute.prompts.jailbreakbench:everything",
    "jailbreakbench-harmful": "resolute.prompts.jailbreakbench:harmful",
    "jailbreakbench-benign": "resolute.prompts.jailbreakbench:benign",
    "wildjailbreak": "resolute.prompts.wildjailbreak:harmful",
    "wildjailbreak-benign": "resolute.prompts.wildjailbreak:benign",
    "unseen": "resolute.prompts.unseen:unseen",
    "xstest": "resolute.prompts.xstest:safe",
    "xstest-safe": "resolute.prompts.xstest:safe",
    "xstest-unsafe": "resolute.prompts.xstest:unsafe",
    "xstest-train": "resolute.prompts.xstest:train",
    "xstest-eval": "resolute.prompts.xstest:evaluation",
    "xstest-train-types": "resolute.prompts.xstest:train_types",
    "xstest-eval-types": "resolute.prompts.xstest:evaluation_types",
    "or-bench": "resolute.prompts.or_bench:hard",
    "or-bench-hard": "resolute.prompts.or_bench:hard",
    "math": "resolute.prompts.maths:math",
    "math500": "resolute.prompts.maths:math500",
    "gsm8k": "resolute.prompts.maths:gsm8k",
    "gsm8k-test": "resolute.prompts.maths:gsm8k_test",
    "aime24": "resolute.prompts.maths:aime24",
    "math500-bare": "resolute.prompts.maths:math500_bare",
    "aime24-bare": "resolute.prompts.maths:aime24_bare",
    "aime25": "resolute.prompts.maths:aime25",
    "gpqa-diamond": "resolute.prompts.gpqa:diamond",
    "humaneval": "resolute.prompts.code:humaneval",
    "livecodebench-v1": "resolute.prompts.livecodebench:V1",
    "livecodebench-v2": "resolute.prompts.livecodebench:V2",
    "livecodebench-v3": "resolute.prompts.livecodebench:V3",
    "livecodebench-v4": "resolute.prompts.livecodebench:V4",
    "livecodebench-v5": "resolute.prompts.livecodebench:V5",
    "livecodebench-v6": "resolute.prompts.livecodebench:V6",
    "study": "resolute.prompts.study:released",
}
"""Name -> loader of a `Callable[[], list[Prompt]]`. `xstest` and `or-bench` are the short names of sets that follow."""
