"""The card of a trained model: data, settings with where they came from, mask audit, evaluation, hardware and time.

Counts and names only, never a text of the data. Names come from other people's files: in Markdown and YAML they stay
the characters they are.
"""

from __future__ import annotations

import platform
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from resolute import __version__
from resolute.core.markdown import table
from resolute.core.records import Example
from resolute.core.settings import Train
from resolute.core.text import terminal_safe
from resolute.models.training.mask_audit import MaskAudit

LICENCES = {
    "advbench": "MIT",
    "aime24": "Apache-2.0",
    "harmbench": "MIT",
    "jailbreakbench": "MIT",
    "math500": "MIT",
    "or-bench": "CC-BY-4.0",
    "sft_train_default": "MIT",
    "sft_train_nocot": "MIT",
    "STAR-1": "Apache-2.0",
    "strongreject": "MIT",
    "xstest": "CC-BY-4.0",
}
"""Source of prompts or traces -> the licence it was published under, where we know it."""
UNEVALUATED = "None yet. Evaluate the model before anyone relies on it."
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!~$:@-])")


@dataclass(frozen=True)
class Made:
    """Where and how long a training ran.

    Without it a card also leaves out where settings came from and what cannot change a result: such a card lies inside
    the checkpoint, whose bytes are part of the keys of later stages.
    """

    hardware: str
    seconds: float


def written(
    settings: Train,
    origins: Mapping[str, str],
    report: MaskAudit,
    examples: Sequence[Example],
    *,
    steps: int,
    made: Made | None = None,
) -> str:
    """The card in Markdown with its YAML head."""
    base = base_name(settings.model)
    said = settings.model if base != Path(settings.model).name else base  # never a folder of this machine
    head: dict[str, Any] = {
        "library_name": "transformers", "base_model": base, "tags": ["resolute", "safety", "sft"],
    }  # fmt: skip
    lines = [
        "---",
        yaml.safe_dump(head, sort_keys=False, allow_unicode=True).rstrip(),
        "---",
        f"# {plain(Path(base).name)}, fine-tuned for safety",
        "",
        f"Made by Resolute {__version__} in {steps} optimizer steps from {plain(said)}.",
        "",
        *_data(report, examples),
        "## Evaluation",
        "",
        UNEVALUATED,
        "",
        *_training(settings, origins, made),
        *_audit(report),
    ]
    return "\n".join(lines) + "\n"


def evaluated(card: str, rows: Iterable[Sequence[Any]]) -> str:
    """The card with an evaluation's figures, each a name and a value, in the place of none."""
    lines = "\n".join(table(("figure", "value"), ((plain(str(name)), plain(str(value))) for name, value in rows)))
    return card.replace(UNEVALUATED, lines, 1)


def base_name(model: str) -> str:
    """The hub's name of a base model without its commit, or the name of its folder."""
    repository = model.partition("@")[0]
    return repository if "@" in model and repository.count("/") == 1 else Path(model).name


def hardware() -> str:
    """This machine's GPUs, else its processors."""
    import os

    from resolute.models.gpus import here

    found = here()
    return str(found) if found else f"{os.cpu_count()} processors ({platform.machine()}), no GPU"


def plain(text: str) -> str:
    """Text as Markdown that shows these characters and does nothing else."""
    said = terminal_safe(text).replace("\n", " ").replace("&", "&amp;").replace("<", "&lt;")
    return _SPECIAL.sub(r"\\\1", said)


def _data(report: MaskAudit, examples: Sequence[Example]) -> list[str]:
    kinds = ", ".join(f"{share.rows} {kind}" for kind, share in sorted(report.by_kind.items())) or "none"
    sources = sorted(Counter(example.source or "unnamed" for example in examples).items())
    rows = ((plain(source), number, LICENCES.get(source, "not known here")) for source, number in sources)
    return [
        "## Data",
        "",
        f"{report.kept} of {report.rows} rows ({kinds}), {report.with_thought} with a thought; "
        f"{len(report.overlong)} left out as too long, none cut.",
        "",
        *table(("source", "rows", "licence of the source"), rows),
        "",
        "The terms of the models that wrote the traces hold too.",
        "",
    ]


def _training(settings: Train, origins: Mapping[str, str], made: Made | None) -> list[str]:
    values = settings.model_dump(mode="json", exclude={"model", "data"} | (set() if made else settings.aside))
    if made is None:
        return ["## Training", "", *table(("setting", "value"), ((n, plain(str(v))) for n, v in values.items())), ""]
    rows = ((name, plain(str(value)), plain(origins.get(name, "default"))) for name, value in values.items())
    took = f"Hardware: {plain(made.hardware)}. Time: {made.seconds / 60:.1f} min, saving included."
    return ["## Training", "", *table(("setting", "value", "from"), rows), "", took, ""]


def _audit(report: MaskAudit) -> list[str]:
    rows = ((part, report.covered.get(part, 0), tokens) for part, tokens in report.loss_tokens.items())
    return [
        "## Mask audit",
        "",
        "Every row was rendered, tokenised and decoded back before the first step.",
        "",
        *table(("part", "rows wholly under loss", "tokens under loss"), rows),
        "",
        *table(("kind", "rows", "tokens under loss"), ((k, s.rows, s.loss_tokens) for k, s in report.by_kind.items())),
    ]
