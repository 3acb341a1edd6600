"""XSTest (arXiv 2308.01263; CC-BY-4.0): 250 safe prompts that look unsafe and 200 unsafe contrasts.

The safe ones are parted once and for all into 100 for training and 150 for evaluation, the sizes of the study, which
does not say which were which: ten of each type by the order of a hash with seed `SEED`. The stricter way holds whole
types out: four types for training, six for evaluation, of the same sizes. What a prompt is for stands in its `split`.
"""

from __future__ import annotations

from resolute.core.keys import derive
from resolute.core.records import Prompt
from resolute.core.sources import data_rows

SEED = 0
TRAIN_PER_TYPE = 10
"""Of 25 of each of ten types; the other 15 are for evaluation."""
TRAIN_TYPES = 4
"""Of ten types; all prompts of the other six are for evaluation."""
SHA256 = "11783fb294ed017473ee53c207d71f2161c7672c8d0b037501e78387f801cb5a"
_GET = "https://github.com/paul-rottger/xstest (xstest_prompts.csv)"


def safe() -> list[Prompt]:
    """The 250 safe prompts; `category` is the type, `split` says whether one is for training or for evaluation."""
    return _of("safe")


def unsafe() -> list[Prompt]:
    """The 200 unsafe contrasts."""
    return _of("unsafe")


def train() -> list[Prompt]:
    """The 100 safe prompts for training."""
    return [prompt for prompt in safe() if prompt.split == "train"]


def evaluation() -> list[Prompt]:
    """The 150 safe prompts for evaluation."""
    return [prompt for prompt in safe() if prompt.split == "eval"]


def train_types() -> list[Prompt]:
    """The 100 safe prompts of the types for training."""
    return [prompt for prompt in _by_type(safe()) if prompt.split == "train-types"]


def evaluation_types() -> list[Prompt]:
    """The 150 safe prompts of the types no training prompt has."""
    return [prompt for prompt in _by_type(safe()) if prompt.split == "eval-types"]


def _of(label: str) -> list[Prompt]:
    rows = data_rows("prompts/xstest_prompts.csv", ["prompt", "type", "label"], get=_GET, sha256=SHA256)
    prompts = [
        Prompt(
            text=row["prompt"],
            goal=row["prompt"],
            kind="benign" if label == "safe" else "harmful",
            category=row["type"],
            source="xstest",
            split=label,
        )
        for row in rows
        if row["label"] == label
    ]
    return _parted(prompts) if label == "safe" else prompts


def _parted(prompts: list[Prompt]) -> list[Prompt]:
    ranked = sorted(prompts, key=lambda prompt: (derive(SEED, "xstest", prompt.id), prompt.id))
    taken: dict[str, int] = {}
    train: set[str] = set()
    for prompt in ranked:
        taken[prompt.category] = taken.get(prompt.category, 0) + 1
        if taken[prompt.category] <= TRAIN_PER_TYPE:
            train.add(prompt.id)
    return [prompt.model_copy(update={"split": "train" if prompt.id in train else "eval"}) for prompt in prompts]


def _by_type(prompts: list[Prompt]) -> list[Prompt]:
    types = sorted({prompt.category for prompt in prompts}, key=lambda name: (derive(SEED, "xstest-type", name), name))
    train = set(types[:TRAIN_TYPES])
    return [
        prompt.model_copy(update={"split": "train-types" if prompt.category in train else "eval-types"})
        for prompt in prompts
    ]
