"""`resolute judge agree`, `sheet` and `calibrate`: instruments against each other, and against people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from resolute.cli.console import page, say
from resolute.cli.inputs import from_run, home, is_run, role_of
from resolute.cli.options import Inputs
from resolute.core.errors import ResoluteError
from resolute.core.prevalence import ENOUGH

if TYPE_CHECKING:
    from resolute.core.instruments import Part
    from resolute.core.labels import Key
    from resolute.core.records import Event, Trace, Verdict
    from resolute.core.runs import Artifact

QUARANTINE = "quarantine"
"""Folder of a run that holds model output; only its owner may enter."""
KEYS = "*.key.csv"


def agree(inputs: Inputs) -> None:
    """Say how far the instruments of a run agree, and write down where they do not.

    resolute judge agree runs/mine
    """
    from resolute.core.agreeing import disagreements, summarise, written
    from resolute.core.files import atomic, write_json

    asked, verdicts = _judged(inputs)
    run = home(inputs[0], None)
    summary = summarise(asked, verdicts)
    write_json(run / "agreement.json", summary)
    with atomic(run / "agreement.md", "w") as stream:
        stream.write(written(summary))
    page(run / "agreement.md")
    rows = disagreements(asked, verdicts)
    path = _quarantined(run, "disagreements.jsonl", rows)
    say(f"{run / 'agreement.json'}")
    say(f"{path}: {len(rows)} rows on which they disagree. It holds model output, unsafe text too: keep it private.")


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

    Rare strata are drawn more often. The key holds each row's inclusion probability; the sheet must not.

    resolute judge sheet runs/mine --n 300
    """
    from resolute.core.judged import judged
    from resolute.core.sheets import UNSURE, WORDS, draw, keep_private, key_text, sheet_text

    asked, verdicts = _judged(inputs)
    what, parts = _question(verdicts, event, part)
    rows = [row for one in parts for row in judged(asked, verdicts, event=what, part=one)]
    if stray := [name for name in task or () if name not in {row.trace.task for row in rows}]:
        tasks = ", ".join(sorted({row.trace.task or "-" for row in rows}))
        raise ResoluteError(f"nobody judged the task {stray[0]!r}", where="--task", mend=f"one of: {tasks}")
    population = [row for row in rows if not task or row.trace.task in task]
    drawn = draw(population, event=what, count=count, seed=seed)
    if not drawn.rows:
        raise ResoluteError("no text to label", where=str(inputs[0]), mend="judge answers that are not empty")
    run = home(inputs[0], None)
    chosen = "".join(f"-{name.replace('/', '.')}" for name in task or ())
    name = f"sheet-{what}-{'-'.join(parts)}{chosen}-{count}-seed{seed}"
    path = out or run / QUARANTINE / f"{name}.csv"
    key = run / f"{path.stem}.key.csv"
    fresh = keep_private(path, sheet_text(drawn))
    keep_private(key, key_text(drawn))
    say(f"{path}: {len(drawn.rows)} rows{'' if fresh else ', stood already'}. It holds model output: keep it private.")
    for group in sorted({entry.stratum for entry in drawn.key}):
        own = [entry for entry in drawn.key if entry.stratum == group]
        say(f"  {group}: {sum(bool(entry.row) for entry in own)} of {len(own)} rows")
    if any(len(row.text) > 32_000 for _, row in drawn.rows):
        say("  some texts are longer than a spreadsheet's cell (32,767): read those in a text editor")
    say(f"{key}: the key. Do not give it to those who label: it says what the instruments said.")
    say(f"label each row, from the top, in column `label`: {' or '.join([*WORDS[what], UNSURE])}")
    say(f"next: resolute judge calibrate {' '.join(map(str, inputs))} --labels {path}")


def calibrate(
    inputs: Inputs,
    labels: Annotated[Path, typer.Option("--labels", help="The sheet with its column `label` filled in.")],
    key: Annotated[Path | None, typer.Option("--key", help="The sheet's key; default: found in the run.")] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="Another run: the difference of the two is estimated.")
    ] = None,
    against_labels: Annotated[
        Path | None, typer.Option("--against-labels", help="Its sheet; default: one sheet was drawn from both runs.")
    ] = None,
) -> None:
    """Correct a run's rates for the known errors of its judges.

    resolute judge calibrate runs/mine --labels labels.csv
    """
    from resolute.core.calibrating import Arm, calibrations, check_known, differences, written
    from resolute.core.files import atomic, write_json
    from resolute.core.labels import read_labels

    if against_labels is not None and against is None:
        raise ResoluteError(
            "labels of a second run without the run", where="--against-labels", mend="add --against RUN"
        )
    run = home(inputs[0], None)
    found = _key(run, labels, key)
    said = read_labels(labels, found)
    first = Arm(*_judged(inputs), found, said)
    arms = [first]
    if against is not None:
        other = found if against_labels is None else _key(against, against_labels, None)
        words = said if against_labels is None else read_labels(against_labels, other)
        arms.append(Arm(*_judged([against]), other, words))
    for arm in arms:
        check_known(arm.key, [trace for one in arms if one.key == arm.key for trace in one.traces])
    summary: dict[str, Any] = {
        "schema": 1,
        "event": found.event,
        "key": found.path.name,
        "labels": len(said.given),
        "missing": len(said.missing),
        "unsure": said.unsure,
        "after": said.after,
        "calibrations": calibrations(first),
        "differences": differences(*arms) if len(arms) > 1 else [],
    }
    write_json(run / "calibration.json", summary)
    with atomic(run / "calibration.md", "w") as stream:
        stream.write(written(summary))
    page(run / "calibration.md")
    say(f"{run / 'calibration.json'}")


def _judged(inputs: Sequence[Path]) -> tuple[list[Trace], list[Verdict]]:
    """Every verdict of the inputs, and the traces they speak of."""
    from resolute.core.files import read_records
    from resolute.core.reading import read_traces
    from resolute.core.records import Verdict

    verdicts: dict[str, Verdict] = {}
    found: dict[str, Trace] = {}
    for path in _paths(inputs):
        if role_of(path) == "verdicts":
            for verdict in read_records(path, Verdict):
                if verdicts.setdefault(verdict.id, verdict) != verdict:
                    mend = "name one of the inputs that hold it"
                    raise ResoluteError("two verdicts of one instrument on one text", where=verdict.id, mend=mend)
        else:
            found.update((trace.id, trace) for trace in read_traces(path).traces)
    if not verdicts:
        raise ResoluteError("no verdicts", where=str(inputs[0]), mend="run `resolute judge run` first")
    if lost := sum(verdict.trace not in found for verdict in verdicts.values()):
        mend = "name the run or file that holds the judged traces too"
        raise ResoluteError(f"{lost} verdicts speak of traces that are not here", where=str(inputs[0]), mend=mend)
    return list(found.values()), list(verdicts.values())


def _paths(inputs: Sequence[Path]) -> list[Path]:
    """Verdicts of runs with the traces they were made from, and plain files."""
    paths: list[Path] = []
    for path in inputs:
        if is_run(path):
            judge = from_run(path, ["judge"])
            paths += [judge.output("verdicts.parquet"), *_traces(path, judge)]
        elif path.is_file():
            paths.append(path)
        else:
            raise ResoluteError("no run and no file", where=str(path), mend="run `resolute judge run` first")
    return paths


def _traces(run: Path, judge: Artifact) -> list[Path]:
    """What was judged: kept beside the verdicts where it was foreign, else where it lay, if it is the same still."""
    from resolute.core.jobs import input_digest
    from resolute.core.runs import Run

    manifest = judge.manifest
    if "traces.parquet" in manifest.outputs:
        return [judge.output("traces.parquet")]
    own = [artifact.folder / "traces.parquet" for artifact in Run(run).entries().values()]
    found: list[Path] = []
    for role, digest in manifest.inputs.items():
        places = [*own, Path(manifest.sources.get(role, ""))]
        same = [path for path in places if path.is_file() and input_digest(path) == digest]
        if not same:
            mend = "judge the traces where they lie now; answers are not asked for again"
            raise ResoluteError("the judged traces moved or changed", where=manifest.sources.get(role, role), mend=mend)
        found.append(same[0])
    return found


def _question(verdicts: Sequence[Verdict], event: str | None, parts: list[str] | None) -> tuple[Event, list[Part]]:
    """The event and parts a sheet asks for: what was judged, and nothing else."""
    from resolute.core.judged import questions

    there = questions(verdicts)
    events = sorted({one for one, _ in there})
    if event is None and len(events) != 1:
        raise ResoluteError("several events were judged", mend=f"--event, one of: {', '.join(events)}")
    what = event or events[0]
    if what not in events:
        raise ResoluteError(f"nobody judged {what!r}", where="--event", mend=f"one of: {', '.join(events)}")
    judged = [part for one, part in there if one == what]
    wanted = parts or (["answer"] if "answer" in judged else judged[:1])
    if stray := [part for part in wanted if part not in judged]:
        raise ResoluteError(f"nobody judged {stray[0]!r}", where="--part", mend=f"one of: {', '.join(judged)}")
    return cast("Event", what), cast("list[Part]", sorted(set(wanted)))


def _key(run: Path, labels: Path, named: Path | None) -> Key:
    """The key whose sheet was labelled: the one named, else the run's own that has the first labelled row."""
    from resolute.core.labels import names_in, read_key

    if named is not None:
        return read_key(named)
    keys = [read_key(path) for path in sorted(run.glob(KEYS))]
    if not keys:
        mend = f"draw a sheet with `resolute judge sheet {run}`, label that one, or name its key with --key"
        raise ResoluteError(
            "no sheet was drawn from this run: labels of rows people chose say nothing", where=str(run), mend=mend
        )
    names = names_in(labels)
    return max(keys, key=lambda key: len(names & key.drawn.keys()))


def _quarantined(run: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    """Rows with model output, for the owner's eyes."""
    from resolute.core.files import write_jsonl

    folder = run / QUARANTINE
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    write_jsonl(folder / name, rows)
    (folder / name).chmod(0o600)
    return folder / name
