"""`resolute judge sheet`: a blind sheet of a run's rows for people to label."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resolute.cli.console import say
from resolute.cli.inputs import home
from resolute.cli.opinions import Sort, held, opinions
from resolute.cli.options import Inputs
from resolute.core.errors import ResoluteError
from resolute.core.statistics.prevalence import ENOUGH

if TYPE_CHECKING:
    from resolute.core.people.forms import Form
    from resolute.core.people.sheets import Sheet
    from resolute.core.people.strata import Candidate
    from resolute.core.results.judged import Questions, Side

QUARANTINE = "quarantine"
"""Folder of a run that holds model output; only its owner may enter."""
ALL = "all"


def sheet(
    inputs: Inputs,
    count: Annotated[int, typer.Option("--n", min=1, help="Rows to label, of each part.")] = ENOUGH,
    seed: Annotated[int, typer.Option("--seed", help="The same seed draws the same sheet.")] = 0,
    event: Annotated[
        str | None, typer.Option("--event", help="unsafe, refused, correct or garbled; default: the only one judged.")
    ] = None,
    part: Annotated[
        list[str] | None, typer.Option("--part", help="thought or answer; may be given twice. Default: the answer.")
    ] = None,
    pattern: Annotated[
        list[str] | None,
        typer.Option("--pattern", help="A risky pattern of an audited run, or all; may be given often."),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option("--task", help="Only rows of this task; may be given often. Default: all judged."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The sheet; default: in the run's quarantine. Its key stays in the run."),
    ] = None,
) -> None:
    """Draw a blind sheet for people to label, and its key.

    Of an audited run one row is a trace with a column for each of the five patterns. Rare strata are drawn more often.
    The key holds each row's inclusion probability; the sheet must not.

    resolute judge sheet runs/mine --n 300
    """
    from resolute.core.people.sheets import draw, keep_private, key_text, sheet_text
    from resolute.core.records import PATTERNS

    if pattern and (event or part):
        raise ResoluteError("--pattern asks of whole traces", where="--event, --part", mend="draw two sheets")
    form, population = _asked(inputs, event, part, pattern)
    if stray := [name for name in task or () if name not in {one.row.trace.task for one in population}]:
        tasks = ", ".join(sorted({one.row.trace.task or "-" for one in population}))
        raise ResoluteError(f"nobody judged the task {stray[0]!r}", where="--task", mend=f"one of: {tasks}")
    wanted = [one for one in population if not task or one.row.trace.task in task]
    drawn = draw(wanted, form=form, count=count, seed=seed)
    if not drawn.rows:
        raise ResoluteError("no text to label", where=str(inputs[0]), mend="judge answers that are not empty")
    run = home(inputs[0], None)
    chosen = "".join(f"-{name.replace('/', '.')}" for name in task or ())
    parts = sorted({one.row.part for one in wanted} - {"both"})
    asks = "patterns" if len(form.asks) == len(PATTERNS) else "+".join(form.asks)
    name = f"sheet-{'-'.join((asks, *parts))}{chosen}-{count}-seed{seed}"
    path = out or run / QUARANTINE / f"{name}.csv"
    key = run / f"{path.stem}.key.csv"
    fresh = keep_private(path, sheet_text(drawn))
    keep_private(key, key_text(drawn))
    say(f"{path}: {len(drawn.rows)} rows{'' if fresh else ', stood already'}. It holds model output: keep it private.")
    _say_what(drawn)
    say(f"{key}: the key. Do not give it to those who label: it says what the instruments said.")
    _say_how(form)
    say(f"in the browser: resolute view {path}")
    say(f"next: resolute judge calibrate {' '.join(map(str, inputs))} --labels {path}")


def _say_what(drawn: Sheet) -> None:
    for group in sorted({entry.stratum for entry in drawn.key}):
        own = [entry for entry in drawn.key if entry.stratum == group]
        say(f"  {group}: {sum(bool(entry.row) for entry in own)} of {len(own)} rows")
    if any(len(text) > 32_000 for _, one in drawn.rows for text in one.row.shown.values()):
        say("  some texts are longer than a spreadsheet's cell (32,767): read those in a text editor")


def _say_how(form: Form) -> None:
    from resolute.core.people.forms import NOT_ASKED, UNSURE

    columns = ", ".join(f"`{name}`" for name in form.answers)
    words = f"{' or '.join([*form.words, UNSURE])}"
    say(f"label each row, from the top, in column{'s' * (len(form.answers) > 1)} {columns}: {words}")
    if len(form.answers) > 1:
        say(f"  write {form.words[1]} too, not only {form.words[0]}; leave {NOT_ASKED!r} where it stands")


def _asked(
    inputs: Sequence[Path], event: str | None, part: list[str] | None, pattern: list[str] | None
) -> tuple[Form, list[Candidate]]:
    """What a sheet asks, and of which rows: what was judged or audited, and nothing else."""
    from resolute.core.people.forms import form
    from resolute.core.people.strata import by_pattern, by_verdict

    there = held(inputs)
    sort: Sort = "risks" if pattern or ("verdicts" not in there and not event and not part) else "verdicts"
    questions = opinions(inputs, {sort}).questions
    if sort == "risks":
        some = _patterns(questions, pattern or [ALL])
        found, rows = form(list(some)), by_pattern(some)
    else:
        what, parts = _event(questions, event, part)
        found, rows = form([what]), [one for side in parts for one in by_verdict(questions[what, side], what)]
    assert found is not None, "events and patterns have forms"
    return found, rows


def _patterns(questions: Questions, named: list[str]) -> dict[str, Sequence[Any]]:
    known = {what: rows for (what, _), rows in questions.items()}
    if not known:
        mend = "audit traces with thoughts and harmful goals (or such of unknown kind)"
        raise ResoluteError("no thought about a harmful goal was audited", mend=mend)
    if stray := [name for name in named if name not in {*known, ALL}]:
        mend = f"one of: {', '.join(known)}, {ALL}"
        raise ResoluteError(f"nobody looked for {stray[0]!r}", where="--pattern", mend=mend)
    return {what: rows for what, rows in known.items() if ALL in named or what in named}


def _event(questions: Questions, event: str | None, parts: list[str] | None) -> tuple[str, list[Side]]:
    """The event and parts a sheet asks for: what was judged, and nothing else."""
    events = sorted({one for one, _ in questions})
    if event is None and len(events) != 1:
        raise ResoluteError("several events were judged", mend=f"--event, one of: {', '.join(events)}")
    what = event or events[0]
    if what not in events:
        raise ResoluteError(f"nobody judged {what!r}", where="--event", mend=f"one of: {', '.join(events)}")
    judged: list[Side] = [part for one, part in questions if one == what]
    wanted = parts or (["answer"] if "answer" in judged else judged[:1])
    if stray := [part for part in wanted if part not in judged]:
        raise ResoluteError(f"nobody judged {stray[0]!r}", where="--part", mend=f"one of: {', '.join(judged)}")
    return what, [part for part in sorted(judged) if part in wanted]
