"""Where jobs run on one machine: processor slots, and GPUs by name. Plain data: any machine can be described."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field

from resolute.core.errors import ResoluteError
from resolute.study.graph import Node
from resolute.study.needs import gpus

WORKERS = 2
"""Jobs at a time that need no GPU; each computes in one thread."""


@dataclass(frozen=True)
class Slots:
    """What there is."""

    cpus: int = WORKERS
    gpus: tuple[str, ...] = ()
    """As CUDA_VISIBLE_DEVICES names them. Without any, all jobs run on the processors."""


@dataclass(frozen=True)
class Place:
    """What one job has to itself: GPUs, or the number of a processor slot."""

    gpus: tuple[str, ...] = ()
    cpu: int | None = None


@dataclass
class Free:
    """The slots that nobody has at the moment."""

    slots: Slots
    taken: list[Place] = field(default_factory=list[Place])

    def take(self, need: int) -> Place | None:
        """A place with so many GPUs, or a processor slot for 0; None until somebody gives one back."""
        place = self._gpus(need) if need else self._cpu()
        if place is not None:
            self.taken.append(place)
        return place

    def give(self, place: Place) -> None:
        self.taken.remove(place)

    def _cpu(self) -> Place | None:
        used = {place.cpu for place in self.taken}
        return next((Place(cpu=number) for number in range(self.slots.cpus) if number not in used), None)

    def _gpus(self, need: int) -> Place | None:
        used = {name for place in self.taken for name in place.gpus}
        free = [name for name in self.slots.gpus if name not in used]
        return Place(gpus=tuple(free[:need])) if len(free) >= need else None


def fit(nodes: Iterable[Node], most: int, *, there: str = "there are") -> None:
    """Raise `ResoluteError` where a job needs more than the `most` GPUs it can have: it would wait for ever."""
    for node in nodes:
        if (need := gpus(node, most)) > most:
            mend = "run it where there are as many, or say fewer (train.processes, serving.tensor_parallel)"
            where = f"{node.stage} of {node.label}"
            raise ResoluteError(f"it needs {need} GPUs and {there} {most}", where=where, mend=mend)


def here() -> Slots:
    """This machine's GPUs, by CUDA_VISIBLE_DEVICES or else by nvidia-smi, and two processor slots."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return Slots(gpus=tuple(name.strip() for name in named.split(",") if name.strip() not in ("", "-1")))
    if (program := shutil.which("nvidia-smi")) is None:
        return Slots()
    try:
        call = [program, "--query-gpu=index", "--format=csv,noheader"]
        found = subprocess.run(call, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return Slots()
    return Slots(gpus=tuple(found.stdout.split()) if found.returncode == 0 else ())
