"""Whether everybody who plays in an evaluation fits on the GPUs there are, and in what order they are asked if not.

From configurations alone, before any weight is read: weights in bf16 (or as they lie on the disk, for vLLM), keys and
values of one row at its full length, and what CUDA takes. That is the least; all that is left holds further rows, so
less of it is slower and never wrong. Nothing here has been compared with a real GPU.

In this process everybody lies on the first GPU. The target, the attacker and the stop judge speak with each other and
must be there at once; a final judge is asked when all answers are there, one judge after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from resolute.core.errors import ResoluteError
from resolute.models.gpus import GIB, Gpus
from resolute.models.training.memory import OVERHEAD

Who = Literal["target", "attacker", "stop judge", "final judge"]
Runs = Literal["elsewhere", "here", "vllm"]
"""elsewhere: a server that is not ours, or no model at all; here: in this process; vllm: started by us."""
Order = Literal["together", "answer, swap, judge"]
ANSWERING: tuple[Who, ...] = ("target", "attacker", "stop judge")
"""Those that are there at once."""
_TRIED = (1, 2, 4, 8, 16)
"""GPUs that are tried for one copy of the weights."""


@dataclass(frozen=True)
class Player:
    """One role and whoever plays it; sizes are bytes, 0 for those that run elsewhere."""

    who: Who
    name: str
    runs: Runs
    endpoint: str
    """Where it is asked."""
    weights: float = 0.0
    token: float = 0.0
    """Of keys and values of one token."""
    tokens: int = 0
    """Of its longest row: what is read and what is written."""
    split: int = 1
    """GPUs that share one copy (vLLM's tensor parallelism)."""
    copies: int = 1
    share: float = 0.0
    """Of a GPU's memory that vLLM takes."""

    @property
    def least(self) -> float:
        """Bytes on each of its GPUs with one row under way."""
        return 0.0 if self.runs == "elsewhere" else (self.weights + self.token * self.tokens) / self.split + OVERHEAD

    def taken(self, gpus: Gpus) -> float:
        """Bytes it takes of the first GPU: vLLM its whole share."""
        return self.share * gpus.gpu.memory * GIB if self.runs == "vllm" else self.least


@dataclass(frozen=True)
class Fit:
    """How it goes."""

    order: Order
    gpus: Gpus
    players: Sequence[Player]

    @property
    def lines(self) -> list[str]:
        """A line a role, then the order."""
        found = [f"{one.who}: {one.name}, {one.endpoint}{_size(one, self.gpus)}" for one in self.players]
        judged = any(one.who == "final judge" and one.runs != "elsewhere" for one in self.players)
        if not any(one.runs != "elsewhere" for one in self.players):
            return [*found, "order: no role needs a GPU of this machine"]
        if self.order == "together":
            said = "judges beside the target" if judged else "all at once"
            return [*found, f"order: together ({said}) on {self.gpus}"]
        return [*found, f"order: {self.order} on {self.gpus}: the models that answered go, then judge after judge"]


def fit(players: Sequence[Player], gpus: Gpus) -> Fit:
    """The order these roles are asked in. Raises `ResoluteError` with what would fit where none is possible."""
    memory = gpus.gpu.memory * GIB
    for one in players:
        if one.split * one.copies > gpus.count and one.runs == "vllm":
            what = f"the {one.who} is to run on {one.split * one.copies} GPUs"
            raise ResoluteError(f"{what}, and there are {gpus}", mend=_mend(one, gpus))
        room = one.share * memory if one.runs == "vllm" else memory
        if one.least > room:
            what = f"the {one.who} {one.name} needs {one.least / GIB:.1f} GiB on a GPU and has {room / GIB:.1f}"
            raise ResoluteError(f"{what} of {gpus}", mend=_mend(one, gpus))
    answering = [one for one in players if one.who in ANSWERING]
    taken = sum(one.taken(gpus) for one in answering)
    if taken > memory:
        parts = ", ".join(f"{one.who} {one.taken(gpus) / GIB:.1f}" for one in answering if one.runs != "elsewhere")
        what = f"the roles that speak with each other take {taken / GIB:.1f} GiB of one GPU ({parts}), of {gpus}"
        raise ResoluteError(what, mend=_apart(answering, gpus))
    judges = [one.least for one in players if one.who == "final judge"]
    served = any(one.runs == "vllm" for one in answering) and any(judges)  # our server ends before a judge is asked
    together = taken + max(judges, default=0.0) <= memory and not served
    return Fit("together" if together else "answer, swap, judge", gpus, players)


def _size(one: Player, gpus: Gpus) -> str:
    if one.runs == "elsewhere":
        return ""
    many = one.split * one.copies
    share = f"{one.taken(gpus) / (gpus.gpu.memory * GIB):.0%} of " + (f"each of {many} GPUs" if many > 1 else "a GPU")
    parts = f"weights {one.weights / one.split / GIB:.1f} GiB, a row of {one.tokens:,} tokens "
    return f", {share}: {parts}{one.token * one.tokens / one.split / GIB:.2f} GiB"


def _mend(one: Player, gpus: Gpus) -> str:
    """What would fit one role that does not fit by itself."""
    alone = "serve it on a machine of its own and name it openai-api/SERVICE/MODEL"
    share = one.share or 0.9
    for split in _TRIED:
        least = (one.weights + one.token * one.tokens) / split + OVERHEAD
        if least > share * gpus.gpu.memory * GIB:
            continue
        need = f"{split} x {gpus.gpu.name}"
        if one.who != "target":
            return alone if split > 1 else f"{alone}, or take the whole of {need}"
        if split <= gpus.count:
            return f"evaluate.engine: vllm with evaluate.serving.tensor_parallel: {split}; or {alone}"
        how = f"evaluate.engine: vllm, evaluate.serving.tensor_parallel: {split}"
        return f"it would fit on {need} with {how}; or {alone}"
    return f"not on 16 of these GPUs: ask for shorter outputs (--max-tokens), or {alone}"


def _apart(answering: Sequence[Player], gpus: Gpus) -> str:
    """What would fit roles that do not fit together."""
    memory = gpus.gpu.memory * GIB
    others = sum(one.least for one in answering if one.runs == "here")
    for one in answering:
        if one.runs == "vllm" and (spare := (memory - others) / memory) * memory >= one.least:
            return f"evaluate.serving.memory: {int(100 * spare) / 100:.2f} leaves the others their room"
    largest = max((one for one in answering if one.runs != "elsewhere"), key=lambda one: one.least)
    return f"serve the {largest.who} on another GPU and name it openai-api/SERVICE/MODEL"
