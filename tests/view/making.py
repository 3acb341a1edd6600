"""A small study made of records we wrote: two models under two attacks, a teacher, an audit, a repair, training rows.

No text in it means anything; the words that would run, close what they stand in or reorder what is read stand in the
traces called hostile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from resolute.core.files import write_json, write_records
from resolute.core.keys import file_digest, key
from resolute.core.records import (
    PATTERNS,
    Ending,
    Example,
    Finding,
    Kind,
    Message,
    Prompt,
    Record,
    RiskReport,
    Saw,
    Trace,
    Verdict,
)
from resolute.core.repair.outcomes import RepairAttempt
from resolute.core.runs import Artifact, Manifest, Run
from tests.view.browsing import HOSTILE

GOALS = 6
ATTACKS = ("none", "persona")
HUGE = "word " * 200_000 + "end"
"""A thought of a megabyte."""
WAVERING = "So they want the lid. It is fine, the lid is theirs. Wait, it may not be. I could say a little of it."
LITTLE = "I could say a little of it."
FINE = "It is fine, the lid is theirs. Wait, it may not be."


def trace(name: str, goal: str, *, kind: Kind = "harmful", **fields: Any) -> Trace:
    """A trace whose id is `name`, hashed."""
    asked: dict[str, Any] = {
        "reasoning": f"They want to {goal}. I think of it.",
        "answer": f"About how to {goal}: no.",
        "ending": Ending(where="answer", why="end of turn"),
        "model": "base",
        "identity": "b" * 16,
        "sent": [Message(role="system", content="be kind"), Message(role="user", content=f"please {goal}")],
    }
    prompt = Prompt(text=f"please {goal}", goal=goal, kind=kind, category="lids")
    return Trace.model_validate({"id": key(["t", name]), "prompt": prompt, **asked, **fields})


def verdict(of: Trace, judge: str, score: float | None, *, part: str = "answer") -> Verdict:
    """On event `unsafe`; no score: the instrument failed."""
    said: dict[str, Any] = {"trace": of.id, "judge": judge, "event": "unsafe", "part": part, "score": score}
    said["outcome"] = "judge failed" if score is None else "scored"
    said["raw"] = f"<b>my words on {part}</b>"
    saw = Saw(goal=True, parts=["answer" if part == "answer" else "thought"], characters=12, tokens=34)
    return Verdict.model_validate({**said, "saw": saw})


def report(of: Trace, auditor: str, quotes: Mapping[str, Sequence[str]]) -> RiskReport:
    """Patterns with their quotes; the others are absent."""
    findings = [Finding(pattern=name, present=name in quotes, quotes=list(quotes.get(name, ()))) for name in PATTERNS]
    saw = Saw(goal=True, prompt=True, parts=["thought", "answer"], characters=99)
    return RiskReport(
        trace=of.id, content=of.content, auditor=auditor, outcome="scored", findings=findings, raw="seen", saw=saw
    )


def artifact(
    root: Path, stage: str, name: str, records: Mapping[str, tuple[Sequence[Record], type[Record]]], **given: Artifact
) -> Artifact:
    """A finished artifact that was `given` the traces of others."""
    made = Artifact(stage, key([stage, name]), root / "runs" / ".store" / stage / key([stage, name]))
    for file, (rows, form) in records.items():
        write_records(made.folder / file, rows, form)
    inputs = {role: one.manifest.outputs["traces.parquet"] for role, one in given.items()}
    outputs = {file: file_digest(made.folder / file) for file in records}
    sources = {role: str(one.folder / "traces.parquet") for role, one in given.items()}
    manifest = Manifest(
        stage=stage, stage_version=1, key=made.key, state="done", settings={}, inputs=inputs, sources=sources,
        outputs=outputs,
    )  # fmt: skip
    write_json(made.folder / "manifest.json", manifest.model_dump(mode="json"))
    return made


def answers(model: str) -> list[Trace]:
    """Of one model: every goal under every attack, and a sum."""
    identity = key(model)
    rows = [
        trace(
            f"{model} {number} {attack}", f"polish lid {number}", model=model, identity=identity, task="suite/safety",
            attack=attack, tokens_out=50 + number,
        )
        for number in range(GOALS)
        for attack in ATTACKS
    ]  # fmt: skip
    sums = {"model": model, "identity": identity, "task": "suite/sums", "attack": "none"}
    return [*rows, trace(f"{model} sum", "add 1 and 2", kind="maths", **sums)]


def judged(rows: Sequence[Trace], *, unsafe: int) -> list[Verdict]:
    """`guard` finds the first so many unsafe, `other` all safe but the third, on which it fails."""
    found: list[Verdict] = []
    for number, one in enumerate(row for row in rows if row.prompt.kind == "harmful"):
        found += [verdict(one, "guard 1", float(number < unsafe)), verdict(one, "guard 1", 0.0, part="thought")]
        found.append(verdict(one, "other 1", None if number == 2 else 0.0))
    return found


def distilled() -> list[Trace]:
    """A teacher's: one that wavers, one that is hostile, one that is huge, one whose thought never closed."""
    teacher: dict[str, Any] = {"model": "teacher", "identity": "t" * 16, "strategy": "default"}
    huge = {"reasoning": HUGE, "answer": "", "ending": Ending(where="thought", why="length")}
    return [
        trace("wavering", "polish lid 0", reasoning=WAVERING, **teacher),
        trace("hostile", f"open {HOSTILE}", reasoning=f"{HOSTILE} I do.", answer=f"</p>{HOSTILE}", **teacher),
        trace("huge", "polish lid 1", **teacher, **huge),
        trace("plain", "polish lid 2", kind="benign", **teacher),
    ]


def study(root: Path) -> Path:
    """The run folder `runs/tiny`."""
    base, tuned, taught = answers("base"), answers("tuned"), distilled()
    wavering, hostile = taught[0], taught[1]
    mended = trace(
        "mended", "polish lid 0", reasoning=WAVERING.replace(LITTLE, "So I will not."), model="teacher",
        identity="t" * 16, strategy="default", repaired="recompose", original=wavering.id, repairer="mender",
    )  # fmt: skip
    spoiled = mended.model_copy(update={"id": key("spoiled"), "content": key("s"), "reasoning": WAVERING + " Or not."})
    attempts = [
        RepairAttempt(
            trace=wavering.id, attempt=n, way=way, patterns=["weak_vacillation"], outcome=outcome, made=made.id
        )
        for n, way, outcome, made in ((1, "cut", "still risky", spoiled), (2, "recompose", "kept", mended))
    ]
    risks = [
        report(
            wavering, "auditor 1",
            {"weak_vacillation": [LITTLE], "lack_of_safety_awareness": [FINE], "inconsistency": [FINE[10:], "no."]},
        ),
        report(wavering, "second 1", {"weak_vacillation": [LITTLE]}),
        report(hostile, "auditor 1", {"harmful_additions": [hostile.reasoning[:60]]}),
    ]  # fmt: skip
    row = Example(
        id=key("row"), messages=wavering.sent, reasoning=mended.reasoning, answer=mended.answer, kind="harmful",
        goal="polish lid 0", prompt=mended.prompt.id, trace=mended.id,
    )  # fmt: skip
    distill = artifact(root, "distill", "d", {"traces.parquet": (taught, Trace)})
    evaluated = {name: artifact(root, "evaluate", name, {"traces.parquet": (rows, Trace)})
                 for name, rows in (("base", base), ("tuned", tuned))}  # fmt: skip
    entries = {
        "Raw/0/evaluate": evaluated["base"],
        "Raw/0/judge": artifact(
            root, "judge", "base", {"verdicts.parquet": (judged(base, unsafe=5), Verdict)}, traces=evaluated["base"]
        ),
        "Tuned/0/distill": distill,
        "Tuned/0/audit": artifact(root, "audit", "a", {"risks.parquet": (risks, RiskReport)}, traces=distill),
        "Tuned/0/repair": artifact(
            root, "repair", "r",
            {
                "traces.parquet": ([mended], Trace),
                "repairs.parquet": (attempts, RepairAttempt),
                "quarantine/rejected.parquet": ([spoiled], Trace),
            },
            traces=distill,
        ),
        "Tuned/0/curate": artifact(root, "curate", "c", {"examples.parquet": ([row], Example)}, traces=distill),
        "Tuned/0/evaluate": evaluated["tuned"],
        "Tuned/0/judge": artifact(
            root, "judge", "tuned", {"verdicts.parquet": (judged(tuned, unsafe=1), Verdict)}, traces=evaluated["tuned"]
        ),
    }  # fmt: skip
    run = Run(root / "runs" / "tiny")
    run.point_all(entries)
    write_json(run.path / "study.json", {"schema": 1, "name": "tiny"})
    return run.path


def quiet(*_: object, **__: object) -> None:
    """No progress."""
