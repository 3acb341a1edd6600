"""What an evaluated model is laid beside: what it was trained from, a safety instruction, thinking switched off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resolute.cli.console import page, say
from resolute.cli.lineage import training_rows, untouched
from resolute.cli.making import Line, job
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from resolute.core.results.comparing import Answers
    from resolute.core.runs import Artifact

Base = Annotated[
    bool, typer.Option("--base", help="Also the untouched model that RUN was trained from, and a table of both.")
]
Baselines = Annotated[
    bool,
    typer.Option("--baselines", help="Also the untouched model, it with our safety instruction, and without thinking."),
]
INSTRUCTION = "safety-instruction"
"""The text that stands as system prompt, and the name of the baseline."""
OFF = "thinking-off"


@dataclass(frozen=True)
class Arm:
    """One evaluation beside the one that was asked for."""

    name: str
    line: Line
    options: Mapping[str, Any]


def arms(trained: Artifact | None, line: Line, options: Mapping[str, Any], *, base: bool, baselines: bool) -> list[Arm]:
    """The evaluations beside, each in a run of its own beside the run; the same settings but for what it is.

    Raises `ResoluteError`, before anything is asked, for what cannot be evaluated.
    """
    if not base and not baselines:
        return []
    if trained is None and base:
        mend = "name a run with a trained model, or --baselines for what words alone do"
        raise ResoluteError("--base is the model that a run was trained from, and no run is named", mend=mend)
    raw = {**options, "model": untouched(trained)} if trained is not None else dict(options)
    found: dict[str, dict[str, Any]] = {"base": raw} if trained is not None else {}
    if baselines:
        found |= {INSTRUCTION: {**raw, "system": INSTRUCTION}, OFF: {**raw, "sampling.thinking": False}}
    made = [
        Arm(name, replace(line, out=line.out.parent / f"{line.out.name}-{name}"), changed)
        for name, changed in found.items()
    ]
    _check(made)
    return made


def _check(made: Sequence[Arm]) -> None:
    from resolute.core.jobs import prepare
    from resolute.core.runs import Run

    for arm in made:
        prepare(job("evaluate", arm.line, {}, arm.options), Run(arm.line.out).store)


def tell(line: Line, made: Sequence[Arm], artifacts: Sequence[tuple[Artifact, Artifact]], trained: Trained) -> None:
    """Write and show the table: rates with intervals, differences paired by goal, by nearness to training goals.

    `artifacts` are what was answered and judged, of the model first, then of each arm.
    """
    from resolute.core.files import atomic, write_json
    from resolute.core.results.baselines import plain, written
    from resolute.core.results.comparing import compared
    from resolute.core.settings import Report

    margin: float = Report.model_fields["margin"].default
    names = [line.out.name, *(arm.name for arm in made)]
    main, *others = [_answers(name, *pair) for name, pair in zip(names, artifacts, strict=True)]
    found = [compared(other, main, margin=margin, trained=trained.goals) for other in others]
    write_json(line.out / "baselines.json", plain(main, others, found, trained.framings))
    with atomic(line.out / "baselines.md", "w") as stream:
        stream.write(written(main, others, found, trained.framings))
    page(line.out / "baselines.md")
    say(f"{line.out / 'baselines.json'}")


@dataclass(frozen=True)
class Trained:
    """What is known of the rows a model was trained on."""

    goals: frozenset[str] = frozenset()
    framings: frozenset[str] | None = None
    """None: not known."""

    @classmethod
    def of(cls, trained: Artifact | None, run: Path | None) -> Trained:
        """By the manifest of the training; says aloud where its rows are gone."""
        from resolute.core.results.baselines import framings_of

        if trained is None or run is None:
            return cls()
        rows = training_rows(trained, run)
        if rows is None:
            say("the rows it was trained on are not where they lay: nothing is split by them", err=True)
            return cls()
        return cls(frozenset(row.goal for row in rows), framings_of(rows))

    def say_framings(self, answered: Artifact) -> None:
        """How many of the framings asked were trained on, where the attack `framings` was made."""
        from resolute.core.results.baselines import framed

        tasks: Mapping[str, Any] = answered.manifest.identity.get("tasks", {})
        attacks = sorted({name for task in tasks.values() for name in task["attacks"]})
        known = [framed(name, self.framings) for name in attacks]
        if any(known):
            say(f"framings: {known.count('held out')} held out, {known.count('trained framing')} trained on")


def _answers(name: str, answered: Artifact, judged: Artifact) -> Answers:
    from resolute.core.files import read_records
    from resolute.core.records import Trace, Verdict
    from resolute.core.results.comparing import Answers

    traces = read_records(answered.output("traces.parquet"), Trace)
    return Answers(name, traces, read_records(judged.output("verdicts.parquet"), Verdict))
