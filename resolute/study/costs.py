"""What a study that is not made yet would take: requests, tokens, GPU-hours and dollars, reckoned without any model.

A forecast, not a measurement. Everything assumed stands in `ASSUMED` and is printed with the sums; where an artifact of
the same stage and model stands in the store, its measured tokens a second are taken instead. What cannot be reckoned is
in no sum and stands beside it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from resolute.core.catalogue import Catalogue, entries, find
from resolute.core.curation.mixture import mixture
from resolute.core.prices import price_of
from resolute.core.settings import Audit, Curate, Distill, Evaluate, Judge, Repair, Train
from resolute.core.strategy import strategy
from resolute.models.instruments.named import known
from resolute.study.graph import TRAINED, Graph, Node
from resolute.study.loads import Load, load
from resolute.study.names import AUDITORS, JUDGES
from resolute.study.needs import local

PROMPT, THOUGHT, RUBRIC, REPLY = 300, 3_000, 1_000, 300
SPEED, UTILISED = 2_500, 0.4
ASSUMED = (
    f"{PROMPT} tokens a prompt; {THOUGHT} an output, or the strategy's mean in the study; the first round of a "
    "distillation; PAIR to its last turn, each written at the first try; a judge, an auditor or a stop is told "
    f"{RUBRIC} tokens beside what it reads and answers with {REPLY}, or {THOUGHT} where it thinks, as an attacker "
    f"writes {REPLY}; vLLM at {SPEED} tokens/s a GPU for 7B and in proportion; training at {UTILISED:.0%} of the GPU's "
    "peak; start-up and tries again not counted"
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
    without: Counter[str] = field(default_factory=Counter[str])
    """What is in none of these -> nodes of which it is true."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.requests + other.requests,
            self.tokens + other.tokens,
            self.gpu_hours + other.gpu_hours,
            self.dollars + other.dollars,
            self.without + other.without,
        )


def costs(
    graph: Graph, made: Collection[str], *, peak: float, speeds: dict[str, float] | None = None
) -> dict[str, Cost]:
    """Stage -> what its open nodes take; of stages that cost something. `peak` is a GPU's TFLOP/s; `speeds` measured
    tokens/s a GPU by model."""
    sums: dict[str, Cost] = defaultdict(Cost)
    for node in graph.nodes.values():
        if node.id not in made and node.stage not in ("curate", "report"):
            cost = _cost(graph, node, peak, speeds or {})
            cost.without = Counter(dict.fromkeys(cost.without, 1))
            sums[node.stage] += cost
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
    if isinstance(settings, Train):
        return _training(graph, node, settings, peak)
    if isinstance(settings, Distill):
        asked, tokens = load(settings), strategy(settings.strategy).tokens or THOUGHT
        cost = _asking(settings.model, asked.requests, tokens, speeds)
        cost.without += asked.without
        judged = _grading(settings.judges, JUDGES, asked, tokens)
        return _paid(_paid(cost, judged), _grading(settings.auditors, AUDITORS, asked, tokens))
    if isinstance(settings, Evaluate):
        return _evaluating(graph, node, settings, speeds)
    if isinstance(settings, Repair):
        scripted = settings.model in entries("models") and not local(settings.model)
        return Cost(without=Counter() if scripted else Counter(["how many traces are repaired"]))
    asked, tokens = _read(graph, node)
    if isinstance(settings, Judge):
        return _grading(settings.judges, JUDGES, asked, tokens, times=1 + len(settings.styles))
    return _grading(settings.auditors, AUDITORS, asked, tokens) if isinstance(settings, Audit) else Cost()


def _evaluating(graph: Graph, node: Node, settings: Evaluate, speeds: dict[str, float]) -> Cost:
    model = _base(graph, node) if settings.model == TRAINED else settings.model
    asked = load(settings)
    cost = _asking(model, asked.requests, THOUGHT, speeds)
    cost.without += asked.without
    if asked.attacker and settings.attacker:
        cost = _paid(cost, _called(settings.attacker, asked.attacker, RUBRIC + PROMPT, REPLY, "attackers"))
    if asked.stop and settings.stop:
        cost = _paid(cost, _instrument(settings.stop, JUDGES, asked.stop, THOUGHT, parts=1))
    return cost


def _paid(cost: Cost, others: Cost) -> Cost:
    """What others beside the model that is asked cost; requests and tokens stay those of the model."""
    return cost + Cost(dollars=others.dollars, without=others.without)


def _asking(model: str, requests: int, tokens: int, speeds: dict[str, float]) -> Cost:
    cost = Cost(requests, requests * tokens)
    if local(model):
        size = _size(model)
        rate = speeds.get(model) or (SPEED * 7 / size if size else 0)
        cost.gpu_hours = cost.tokens / rate / 3600 if rate else 0.0
        cost.without += Counter(() if rate else [f"GPU-hours of {model}, whose size is not known"])
    elif model not in entries("models"):
        price = price_of(model)
        cost.dollars = price.cost(requests * PROMPT, cost.tokens) if price else 0.0
        cost.without += Counter(() if price else [f"dollars for {model}, whose price is not known"])
    return cost


def _grading(
    specs: Collection[str], of: tuple[Catalogue, Catalogue], asked: Load, tokens: int, *, times: int = 1
) -> Cost:
    """Instruments that ask a model: one question a trace and part that they read."""
    cost = Cost()
    for spec in specs:
        cost += _instrument(spec, of, asked.traces * times, tokens)
        if "@" in spec:
            cost.without |= asked.without
    return cost


def _instrument(spec: str, of: tuple[Catalogue, Catalogue], traces: int, tokens: int, *, parts: int = 0) -> Cost:
    instrument, model = known(spec, *of)
    if not model:
        return Cost()
    parts = parts or len(getattr(instrument, "reads", ("thought",)))
    written = THOUGHT if instrument.thinks else min(REPLY, instrument.max_tokens)
    return _called(model, traces * parts, RUBRIC + tokens // parts, written, "judges and auditors")


def _called(model: str, calls: int, tokens_in: int, tokens_out: int, who: str) -> Cost:
    """Calls of somebody beside the model that is asked: dollars, and of checkpoints only that they are left out."""
    if local(model):
        return Cost(without=Counter([f"GPU-hours of {who} on checkpoints"]))
    if model in entries("models"):
        return Cost()
    if (price := price_of(model)) is None:
        return Cost(calls, calls * tokens_out, without=Counter([f"dollars for {model}, whose price is not known"]))
    return Cost(calls, calls * tokens_out, dollars=price.cost(calls * tokens_in, calls * tokens_out))


def _read(graph: Graph, node: Node) -> tuple[Load, int]:
    """What a judge or an auditor is handed, and the tokens of one trace of it."""
    found, tokens = Load(), THOUGHT
    for feed in node.feeds:
        settings = graph.nodes[feed.node].settings
        if isinstance(settings, Distill | Evaluate):
            more = load(settings)
            found.traces, found.without = found.traces + more.traces, found.without | more.without
        if isinstance(settings, Distill):
            tokens = strategy(settings.strategy).tokens or THOUGHT
    return found, tokens


def _training(graph: Graph, node: Node, settings: Train, peak: float) -> Cost:
    curate = next((graph.nodes[feed.node] for feed in node.feeds), None)
    if curate is None or not isinstance(curate.settings, Curate):
        return Cost(without=Counter(["trainings on rows that stand already"]))
    rows, each = _rows(curate.settings), _length(graph, curate)
    steps = rows * settings.epochs / settings.batch_size
    seen = rows * settings.epochs
    if settings.max_steps and settings.max_steps < steps:
        seen = settings.max_steps * settings.batch_size
    tokens, size = round(seen * each), _size(settings.model)
    if size is None:
        return Cost(tokens=tokens, without=Counter([f"GPU-hours of {settings.model}, whose size is not known"]))
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


@cache
def _size(model: str) -> float | None:
    """Billions of parameters: of a checkpoint that is here by the bytes of its weights, else as its name says."""
    folder: object = find("models", model) if model in entries("models") else Path(model)
    if isinstance(folder, Path) and (files := list(folder.glob("*.safetensors"))):
        return sum(file.stat().st_size for file in files) / 2 / 1e9
    said = _SIZE.findall(model.partition("@")[0])
    return float(said[-1]) if said else None
