"""A study that looks like a real one, made of records with rates we chose; no text in it means anything."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resolute.core.files import write_json, write_jsonl, write_records
from resolute.core.keys import file_digest, key
from resolute.core.records import (
    PATTERNS,
    Ending,
    Example,
    Finding,
    Message,
    Prompt,
    Record,
    RiskReport,
    Saw,
    Trace,
    Verdict,
)
from resolute.core.runs import Artifact, Manifest

ATTACKS = ("none", "lab/persona", "lab/persuasion", "lab/pair-like")


@dataclass(frozen=True)
class Truth:
    """The rates a row is drawn from."""

    label: str
    kind: str = "trained"
    attacks: Sequence[float] = (0.0, 0.0, 0.0, 0.0)
    garbled: float = 0.01
    leak: float = 0.02
    refused: float = 0.03
    correct: float = 0.98
    unclosed: float = 0.003
    patterns: Sequence[float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    kept: float = 0.6
    by_seed: Sequence[Sequence[float]] = ()
    """Attack success of each training seed, where seeds are to disagree."""


RAW = Truth("Raw", "raw", (0.96, 0.99, 0.985, 0.99), 0.004, 0.01, 0.0, 0.985)
DEFAULT = Truth(
    "Default", "trained", (0.09, 0.55, 0.62, 0.70), 0.02, 0.2, 0.02, 0.98, 0.004, (0.12, 0.3, 0.5, 0.2, 0.06)
)
STUDY = (
    RAW,
    DEFAULT,
    Truth(
        "Default without weak vacillation", "trained", (0.04, 0.2, 0.25, 0.30), 0.03, 0.15, 0.03, 0.98, 0.004,
        (0.12, 0.3, 0.5, 0.2, 0.06), 0.3,
    ),
    Truth("Improved", "trained", (0.0, 0.01, 0.02, 0.03), 0.02, 0.0, 0.08, 0.97, 0.0, (0.01, 0.02, 0.04, 0.01, 0), 0.9),
    Truth("Short", "trained", (0.01, 0.03, 0.02, 0.06), 0.03, 0.01, 0.15, 0.97, 0.0, (0.05, 0.02, 0.03, 0.02, 0.01)),
    Truth("Template", "trained", (0.03, 0.05, 0.01, 0.01), 0.16, 0.01, 0.12, 0.90, 0.034, (0.0, 0.01, 0.1, 0.02, 0.01)),
    Truth("No CoT", "trained", (0.02, 0.04, 0.05, 0.12), 0.05, 0.0, 0.61, 0.96, 0.0, (0.0,) * 5, 1.0),
)  # fmt: skip
"""Seven rows with effects of the size the lab's trial showed."""


@dataclass
class Maker:
    """Writes a study of `truths` into `root`; the same arguments give the same bytes."""

    root: Path
    truths: Sequence[Truth] = STUDY
    goals: int = 40
    seeds: int = 1
    unscored: float = 0.01
    distilled: int = 120
    notes: Mapping[str, str] = field(default_factory=dict[str, str])
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def write(self, *, lab: bool = True, name: str = "demo") -> Path:
        """The path of the `study.json`."""
        rows: list[dict[str, Any]] = []
        for truth in self.truths:
            for seed in range(self.seeds if truth.kind == "trained" else 1):
                folders = {part: f"../.store/{item.stage}/{item.key}" for part, item in self._row(truth, seed).items()}
                rows.append({"label": truth.label, "seed": seed, "kind": truth.kind, "artifacts": folders})
        path = self.root / "runs" / name / "study.json"
        recipe = {"schema": 1, "name": name, "guards": ["lab/guard"]}
        write_json(path, {"schema": 1, "name": name, "lab": lab, "recipe": recipe, "rows": rows})
        return path

    def _row(self, truth: Truth, seed: int) -> dict[str, Artifact]:
        made: dict[str, Artifact] = {}
        if truth.kind == "trained":
            made |= self._training(truth, seed)
        draw = random.Random(f"{truth.label} {seed}")
        traces, verdicts = self._answers(truth, seed, draw)
        model = "lab/base" if truth.kind == "raw" else "trained"
        settings = {"model": model, "suites": ["lab"], "sampling": {"temperature": 1.0, "max_tokens": 96}, "samples": 1}
        made["evaluate"] = self._artifact("evaluate", truth, seed, settings, {"traces.parquet": (traces, Trace)})
        judges = ["lab/strict", "lab/garbled", "lab/refused", "lab/correct"]
        outputs = {"verdicts.parquet": (verdicts, Verdict)}
        made["judge"] = self._artifact("judge", truth, seed, {"judges": judges}, outputs)
        return made

    def _artifact(
        self,
        stage: str,
        truth: Truth,
        seed: int,
        settings: Mapping[str, Any],
        records: Mapping[str, tuple[Sequence[Record], type[Record]]],
        documents: Mapping[str, Any] | None = None,
    ) -> Artifact:
        name = key([stage, truth.label, seed, self.goals, self.seeds])
        artifact = Artifact(stage, name, self.root / "runs" / ".store" / stage / name)
        settings = {**settings, **self.settings}
        for file, (rows, form) in records.items():
            write_records(artifact.folder / file, rows, form)
        for file, value in (documents or {}).items():
            (write_jsonl if file.endswith(".jsonl") else write_json)(artifact.folder / file, value)
        manifest = Manifest(
            stage=stage,
            stage_version=1,
            key=name,
            state="done",
            settings=settings,
            origins=dict.fromkeys(settings, "recipe"),
            outputs={file: file_digest(artifact.folder / file) for file in (*records, *(documents or {}))},
            notes=[self.notes[stage]] if stage in self.notes else [],
            seconds=987.654,
            versions={"python": "3.11.7", "torch": "2.13.0"},
        )
        write_json(artifact.folder / "manifest.json", manifest.model_dump(mode="json"))
        return artifact

    def _training(self, truth: Truth, seed: int) -> dict[str, Artifact]:
        draw = random.Random(truth.label)
        prompts = [
            Prompt(text=f"t{i}", goal=f"goal {i % 60}", kind="harmful", framing=f"f{i % 5}")
            for i in range(self.distilled)
        ]
        traces = [_trace(f"{truth.label}-d{i}", prompt, "complete", "", "") for i, prompt in enumerate(prompts)]
        risks = [_report(trace, truth.patterns, draw) for trace in traces]
        kept = [trace for trace, report in zip(traces, risks, strict=True) if _passes(report, truth, draw)]
        examples = [_example(trace) for trace in kept]
        teacher = {"model": "lab/teacher", "strategy": truth.label.lower(), "prompts": ["lab/harmful-train"]}
        made = {
            "distill": self._artifact("distill", truth, 0, teacher, {"traces.parquet": (traces, Trace)}),
            "audit": self._artifact(
                "audit", truth, 0, {"auditors": ["lab/oracle"]}, {"risks.parquet": (risks, RiskReport)}
            ),
            "curate": self._artifact(
                "curate", truth, 0, {"safety": len(kept), "seed": 0}, {"examples.parquet": (examples, Example)},
                {"funnel.json": _funnel(len(traces), len(kept))},
            ),
        }  # fmt: skip
        steps = [{"step": i, "loss": round(2.2 / (1 + i * 0.3) + 0.1 + draw.random() * 0.05, 4)} for i in range(1, 41)]
        training = {"model": "lab/base", "learning_rate": 1e-4, "epochs": 2.0, "max_length": 128, "seed": seed}
        documents = {"mask_audit.json": _mask(len(kept)), "loss.jsonl": steps}
        made["train"] = self._artifact("train", truth, seed, training, {}, documents)
        return made

    def _answers(self, truth: Truth, seed: int, draw: random.Random) -> tuple[list[Trace], list[Verdict]]:
        traces: list[Trace] = []
        verdicts: list[Verdict] = []
        rates = truth.by_seed[seed] if truth.by_seed else truth.attacks
        for attack, rate in zip(ATTACKS, rates, strict=True):
            for number in range(self.goals):
                trace = self._asked(truth, draw, "lab/safety", attack, "harmful", number)
                # a goal is as hard for one row as for another, so that rows are paired in truth too
                shared = random.Random(f"{attack} {number}").random()
                luck = shared if draw.random() < 0.75 else draw.random()
                unsafe, garbled = luck < rate, luck > 1 - truth.garbled
                leaked = unsafe or draw.random() < truth.leak
                traces.append(trace)
                verdicts += [
                    self._verdict(trace, "lab/strict", "unsafe", "answer", unsafe, draw),
                    self._verdict(trace, "lab/strict", "unsafe", "thought", leaked and draw.random() < 0.9, draw),
                    self._verdict(trace, "lab/garbled", "garbled", "answer", garbled, draw),
                ]
        for number in range(self.goals):
            trace = self._asked(truth, draw, "lab/over-refusal", "none", "benign", number)
            traces.append(trace)
            refused, garbled = draw.random() < truth.refused, draw.random() < truth.garbled
            verdicts.append(self._verdict(trace, "lab/refused", "refused", "answer", refused, draw))
            verdicts.append(self._verdict(trace, "lab/garbled", "garbled", "answer", garbled and not refused, draw))
        for number in range(self.goals):
            trace = self._asked(truth, draw, "lab/arithmetic", "none", "maths", number)
            traces.append(trace)
            correct = (random.Random(f"sum {number}") if draw.random() < 0.8 else draw).random() < truth.correct
            verdicts.append(self._verdict(trace, "lab/correct", "correct", "answer", correct, draw))
        return traces, verdicts

    def _asked(self, truth: Truth, draw: random.Random, task: str, attack: str, kind: str, number: int) -> Trace:
        prompt = Prompt.model_validate(
            {"text": f"{attack} {kind} {number}", "goal": f"{kind} goal {number}", "kind": kind}
        )
        ending = "unclosed" if draw.random() < truth.unclosed else "complete"
        return _trace(f"{truth.label}-{draw.random()}", prompt, ending, task, attack)

    def _verdict(self, trace: Trace, judge: str, event: str, part: str, happened: bool, draw: random.Random) -> Verdict:
        outcome = "scored"
        if part == "answer" and not trace.answer:
            outcome = "model failed"
        elif draw.random() < self.unscored and event == "unsafe":
            outcome = "judge failed"
        score = float(happened) if outcome == "scored" else None
        return Verdict.model_validate(
            {
                "trace": trace.id, "judge": f"{judge} 3f9a2c", "event": event, "part": part, "outcome": outcome,
                "score": score, "saw": {"goal": True, "parts": [part], "characters": 9},
            }
        )  # fmt: skip


def _trace(identity: str, prompt: Prompt, ending: str, task: str, attack: str) -> Trace:
    unclosed = ending == "unclosed"
    return Trace(
        id=key(identity),
        prompt=prompt,
        sent=[Message(role="user", content=prompt.text)],
        model="m",
        identity="i",
        task=task,
        attack=attack,
        reasoning="SECRET-THOUGHT",
        answer="" if unclosed else "SECRET-ANSWER",
        ending=Ending(where="thought", why="length") if unclosed else Ending(where="answer", why="end of turn"),
    )


def _report(trace: Trace, rates: Sequence[float], draw: random.Random) -> RiskReport:
    findings = [Finding(pattern=p, present=draw.random() < rate) for p, rate in zip(PATTERNS, rates, strict=True)]
    saw = Saw(goal=True, prompt=True, parts=["thought", "answer"], characters=9)
    failed = draw.random() < 0.02
    return RiskReport(
        trace=trace.id,
        content=trace.content,
        auditor="lab/oracle 3f9a2c",
        outcome="judge failed" if failed else "scored",
        findings=[] if failed else findings,
        saw=saw,
    )


def _passes(report: RiskReport, truth: Truth, draw: random.Random) -> bool:
    without = "weak_vacillation" if "without weak" in truth.label else ""
    return draw.random() < truth.kept and without not in report.present


def _example(trace: Trace) -> Example:
    return Example(
        id=trace.id,
        messages=trace.sent,
        reasoning=trace.reasoning,
        answer=trace.answer,
        kind=trace.prompt.kind,
        goal=trace.prompt.goal,
        prompt=trace.prompt.id,
        trace=trace.id,
    )


def _funnel(asked: int, kept: int) -> dict[str, Any]:
    left = [{"step": "accept", "reason": "not a refusal", "n": asked - kept}] if asked > kept else []
    return {"schema": 1, "entered": asked, "left": left, "accepted": {"harmful": kept}, "kept": kept}


def _mask(rows: int) -> dict[str, Any]:
    return {
        "rows": rows, "kept": rows, "with_thought": rows, "tokens": rows * 61,
        "covered": {"thought": rows, "close": rows, "answer": rows, "end": rows},
        "loss_tokens": {"thought": rows * 30, "close": rows, "answer": rows * 9, "end": rows},
        "by_kind": {"harmful": {"rows": rows, "loss_tokens": rows * 41}}, "longest": 90, "max_length": 128,
        "overlong": [], "faults": {},
    }  # fmt: skip
