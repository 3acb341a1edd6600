"""What a job needs of the machine it runs on: GPUs, models and data. Found without importing torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from resolute.core.catalogue import counted, entries, find
from resolute.core.settings import Audit, Curate, Distill, Evaluate, Judge, Repair, Section, Serving, Train
from resolute.core.suites import tasks_of
from resolute.study.graph import TRAINED, Node

PLACES = (".", "..", "~", "models", "runs", "checkpoints")
"""First parts of a name that is a folder's and no provider's."""


def gpus(node: Node, there: int) -> int:
    """GPUs that a job takes where there are `there`; none where nothing of it runs on a checkpoint, or there are none.

    `train` takes `processes` of them, or all with `launch: ddp` or `fsdp` and no number; a checkpoint behind vLLM takes
    tensor_parallel x data_parallel, one in the process takes one.
    """
    settings = node.settings
    if not there or not any(map(local, models(settings))):
        return 0
    if isinstance(settings, Train):
        return 1 if settings.launch == "single" else settings.processes or there
    if isinstance(settings, Distill | Evaluate) and settings.engine == "vllm" and local(settings.model):
        return _served(settings.serving)
    return 1


def models(settings: Section) -> list[str]:
    """Names of the models that a job asks or trains, each once."""
    named: list[str | None] = []
    if isinstance(settings, Distill | Train | Evaluate | Repair):
        named.append(settings.model)
    if isinstance(settings, Evaluate):
        named += [settings.attacker, _behind(settings.stop)]
    if isinstance(settings, Curate):
        named.append(settings.student)
    if isinstance(settings, Distill | Judge | Repair):
        named += map(_behind, settings.judges)
    if isinstance(settings, Distill | Audit | Repair):
        named += map(_behind, settings.auditors)
    return list(dict.fromkeys(name for name in named if name))


def sources(settings: Section) -> list[str]:
    """Prompt sources that a job reads, each once: of suites that are known."""
    found: list[str] = []
    if isinstance(settings, Distill):
        found += settings.prompts
    if isinstance(settings, Evaluate):
        found += [task.prompts for spec in settings.suites for task in tasks_of(counted(spec)[0]).values()]
    if isinstance(settings, Curate):
        found += settings.reserve
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class Need:
    """One thing that must be where a job runs."""

    kind: Literal["model", "data", "sandbox"]
    name: str
    """A model's name or a prompt source; what a sandbox is called."""


SANDBOX = Need("sandbox", "a sandbox")


def needs(settings: Section) -> list[Need]:
    """What a job needs beside processors and GPUs; the checkpoint that the study makes itself is not in it."""
    found = [Need("model", name) for name in models(settings) if name != TRAINED]
    found += [Need("data", spec) for spec in sources(settings)]
    return [*found, SANDBOX] if runs_code(settings) else found


def runs_code(settings: Section) -> bool:
    """Whether answers of a job are code that is run to judge them, which needs a sandbox."""
    if not isinstance(settings, Evaluate):
        return False
    tasks = [task for spec in settings.suites for task in tasks_of(counted(spec)[0]).values()]
    return any(task.needs is not None and task.needs.sandbox for task in tasks)


def local(model: str) -> bool:
    """Whether a name stands for weights: a checkpoint of this study, a plug-in's, one of the hub, or a folder, here or
    not: what a job needs does not depend on the machine that asks."""
    if model == TRAINED:
        return True
    if model in entries("models"):
        return isinstance(find("models", model), Path)
    return Path(model).is_dir() or "@" in model or like_folder(model)


def like_folder(name: str) -> bool:
    """Whether a model's name is spelled as a folder's: a provider's has two parts or more and begins with none of
    `PLACES`."""
    parts = Path(name).parts
    return len(parts) < 2 or parts[0] in PLACES or Path(name).is_absolute()


def _behind(instrument: str | None) -> str | None:
    name, at, model = (instrument or "").partition("@")
    return model if name and at else None


def _served(serving: Serving) -> int:
    return serving.tensor_parallel * serving.data_parallel
