"""What a job needs of the machine it runs on: GPUs, and models that are there. Found without importing torch."""

from __future__ import annotations

from pathlib import Path

from resolute.core.catalogue import entries, find
from resolute.core.settings import Audit, Curate, Distill, Evaluate, Judge, Repair, Section, Serving, Train
from resolute.study.graph import TRAINED, Node


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


def local(model: str) -> bool:
    """Whether a name stands for weights: a checkpoint of this study, a plug-in's, a folder, one of the hub."""
    if model == TRAINED:
        return True
    if model in entries("models"):
        return isinstance(find("models", model), Path)
    return Path(model).is_dir() or "@" in model


def _behind(instrument: str | None) -> str | None:
    name, at, model = (instrument or "").partition("@")
    return model if name and at else None


def _served(serving: Serving) -> int:
    return serving.tensor_parallel * serving.data_parallel
