"""What a study that is not made yet would take: requests, tokens, GPU-hours and dollars, reckoned without any model.

A forecast, not a measurement. Everything assumed stands in `ASSUMED` and is printed with the sums; where an artifact of
the same stage and model stands in the store, its measured tokens a second are taken instead.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from resolute.core.catalogue import counted, entries, find
from resolute.core.curation.mixture import mixture
from resolute.core.errors import ResoluteError
from resolute.core.parts import Task
from resolute.core.prices import price_of
from resolute.core.settings import Curate, Distill, Evaluate, Train
from resolute.core.sources import load_prompts
from resolute.core.strategy import strategy
from resolute.core.suites import tasks_of
from resolute.study.graph import TRAINED, Graph, Node
from resolute.study.needs import local

PROMPT, THOUGHT, TURNS = 300, 3_000, 25
SPEED, UTILISED = 2_500, 0.4
ASSUMED = (
    f"{PROMPT} tokens a prompt; {THOUGHT} an output, or the strategy's mean in the study; PAIR at most {TURNS} turns; "
    f"vLLM at {SPEED} tokens/s a GPU for 7B and in proportion; training at {UTILISED:.0%} of the GPU's peak; "
    "judges, audits, attackers and start-up not counted"
)
_SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)[bB](?![a-zA-Z])")


@dataclass
class Cost:
    """Of one node, or a sum."""

    requests: int = 0
    tokens: int = 0
    """Written by models, or trained on."""
    gpu_hours: float = 0.0
    dollars: float = 0.0
    unknown: int = 0
    """Nodes whose hours or dollars cannot be reckoned."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.requests + other.requests,
            self.tokens + other.tokens,
            self.gpu_hours + other.gpu_hours,
            self.dollars + other.dollars,
            self.unknown + other.unknown,
        )


def costs(
    graph: Graph, made: Collection[str], *, peak: float, speeds: dict[str, float] | None = None
) -> dict[str, Cost]:
    """Stage -> what its open nodes take. `peak` is a GPU's TFLOP/s; `speeds` measured tokens/s a GPU by model."""
    sums: dict[str, Cost] = defaultdict(Cost)
    for node in graph.nodes.values():
        if node.id not in made and node.stage in ("distill", "train", "evaluate"):
            sums[node.stage] += _cost(graph, node, peak, speeds or {})
    return dict(sums)


def measured(store: Path, graph: Graph) -> dict[str, float]:
    """Model -> tokens a second of artifacts that stand in the store."""
    from resolute.core.runs import MANIFEST, Artifact

    found: dict[str, list[float]] = defaultdict(list)
    names = {node.settings.model for node in graph.nodes.values() if isinstance(node.settings, Distill | Evaluate)}
    for stage in ("distill", "evaluate"):
        for path in (store / stage).glob(f"*/{MANIFEST}"):
            manifest = Artifact(stage, path.parent.name, path.parent).manifest
            model = str(manifest.settings.get("model"))
            if manifest.state == "done" and model in names and manifest.tokens_out and manifest.seconds:
                found[model].append(manifest.tokens_out / manifest.seconds)
    return {model: sum(some) / len(some) for model, some in found.items()}


def _cost(graph: Graph, node: Node, peak: float, speeds: dict[str, float]) -> Cost:
    settings = node.settings
    try:
        if isinstance(settings, Train):
            return _training(graph, node, settings, peak)
        if isinstance(settings, Distill):
            said = strategy(settings.strategy)
            requests = 0 if said.refusal else _asked(settings)
            return _asking(settings.model, requests * settings.samples, said.tokens or THOUGHT, speeds)
        assert isinstance(settings, Evaluate)
        model = _base(graph, node) if settings.model == TRAINED else settings.model
        known = [_requests(task, count, settings) for task, count in _tasks(settings.suites)]
        cost = _asking(model, sum(filter(None, known)), THOUGHT, speeds)
        cost.unknown = int(cost.unknown or None in known)
        return cost
    except ResoluteError:  # a data set that is not here: how much is asked is not known
        return Cost(unknown=1)


def _asking(model: str, requests: int, tokens: int, speeds: dict[str, float]) -> Cost:
    cost = Cost(requests, requests * tokens)
    if model in speeds:
        cost.gpu_hours = cost.tokens / speeds[model] / 3600 if local(model) else 0.0
    elif local(model):
        size = _size(model)
        cost.gpu_hours = cost.tokens / (SPEED * 7 / size) / 3600 if size else 0.0
        cost.unknown = int(size is None)
    if not local(model) and model not in entries("models"):
        price = price_of(model)
        cost.dollars = price.cost(requests * PROMPT, cost.tokens) if price else 0.0
        cost.unknown = int(price is None)
    return cost


def _training(graph: Graph, node: Node, settings: Train, peak: float) -> Cost:
    curate = next((graph.nodes[feed.node] for feed in node.feeds), None)
    if curate is None or not isinstance(curate.settings, Curate):
        return Cost(unknown=1)
    rows, each = _rows(curate.settings), _length(graph, curate)
    steps = rows * settings.epochs / settings.batch_size
    seen = rows * settings.epochs
    if settings.max_steps and settings.max_steps < steps:
        seen = settings.max_steps * settings.batch_size
    tokens, size = round(seen * each), _size(settings.model)
    if size is None:
        return Cost(tokens=tokens, unknown=1)
    flops = (6 if settings.method == "full" else 4) * size * 1e9 * tokens
    return Cost(tokens=tokens, gpu_hours=flops / (peak * 1e12 * UTILISED) / 3600)


def _rows(settings: Curate) -> int:
    wants = mixture({"harmful": settings.safety, "benign": settings.benign, "maths": settings.maths})
    safety = sum(want.count for want in wants if want.kind == "harmful")
    return sum(want.rows(safety) for want in wants)


def _length(graph: Graph, curate: Node) -> float:
    """Mean tokens of a row: prompt, and the strategy's mean in the study."""
    teachers = [graph.nodes[feed.node].settings for feed in curate.feeds if feed.role == "traces"]
    said = next((strategy(each.strategy).tokens for each in teachers if isinstance(each, Distill)), None)
    return PROMPT + (said or THOUGHT)


def _base(graph: Graph, node: Node) -> str:
    trained = (graph.nodes[feed.node].settings for feed in node.feeds)
    return next((each.model for each in trained if isinstance(each, Train)), "")


def _asked(settings: Distill) -> int:
    return _prompts(settings.prompts, settings.n if settings.framings else None)


@cache
def _prompts(specs: tuple[str, ...], n: int | None) -> int:
    kinds = [prompt.kind for spec in specs for prompt in load_prompts(spec)]
    harmful = kinds.count("harmful")
    return len(kinds) - harmful + (n if n and harmful else harmful)


def _tasks(suites: Iterable[str]) -> list[tuple[Task, int | None]]:
    specs = [counted(spec) for spec in suites]
    return [(task, count) for name, count in specs for task in tasks_of(name).values()]


def _requests(task: Task, count: int | None, settings: Evaluate) -> int | None:
    """None where the task's data are not here."""
    try:
        goals = count or _prompts((task.prompts,), None)
    except ResoluteError:
        return None
    attacks: Iterable[str] = settings.attacks or task.attacks if task.event != "correct" else ("none",)
    turns = sum(TURNS if attack == "pair" else 1 for attack in attacks)
    return goals * turns * (settings.samples or (task.needs.samples if task.needs else 1))


@cache
def _size(model: str) -> float | None:
    """Billions of parameters: of a checkpoint that is here by the bytes of its weights, else as its name says."""
    folder: object = find("models", model) if model in entries("models") else Path(model)
    if isinstance(folder, Path) and (files := list(folder.glob("*.safetensors"))):
        return sum(file.stat().st_size for file in files) / 2 / 1e9
    said = _SIZE.findall(model.partition("@")[0])
    return float(said[-1]) if said else None
