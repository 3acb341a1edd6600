"""`resolute judge agree` and `calibrate`: instruments against each other, and against people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from resolute.cli.console import page, say
from resolute.cli.inputs import home
from resolute.cli.judge_sheet import QUARANTINE
from resolute.cli.opinions import Sort, held, opinions
from resolute.cli.options import Inputs
from resolute.core.errors import ResoluteError

if TYPE_CHECKING:
    from resolute.cli.opinions import Opinions
    from resolute.core.people.labels import Key, Labels

KEYS = "*.key.csv"


def agree(
    inputs: Inputs,
    labels: Annotated[
        list[Path] | None,
        typer.Option("--labels", help="A labelled sheet of the run; twice for two readers of the same sheet."),
    ] = None,
) -> None:
    """Say how far the instruments of a run agree, with people too, and write down where they do not.

    resolute judge agree runs/mine --labels ann.csv --labels ben.csv
    """
    from resolute.core.files import atomic, write_json
    from resolute.core.people.labels import read_labels
    from resolute.core.results.agreeing import Reader, disagreements, summarise, written

    run = home(inputs[0], None)
    questions = opinions(inputs, held(inputs)).questions
    readers: list[Reader] = []
    for path in labels or ():
        key = _key(run, path, None)
        name = path.stem if path.stem not in {one.name for one in readers} else str(path)
        readers.append(Reader(name, key, read_labels(path, key)))
    summary = summarise(questions, readers)
    write_json(run / "agreement.json", summary)
    with atomic(run / "agreement.md", "w") as stream:
        stream.write(written(summary))
    page(run / "agreement.md")
    rows = disagreements(questions)
    path = _quarantined(run, "disagreements.jsonl", rows)
    say(f"{run / 'agreement.json'}")
    say(f"{path}: {len(rows)} rows on which they disagree. It holds model output, unsafe text too: keep it private.")


def calibrate(
    inputs: Inputs,
    labels: Annotated[Path, typer.Option("--labels", help="The sheet with its empty columns filled in.")],
    key: Annotated[Path | None, typer.Option("--key", help="The sheet's key; default: found in the run.")] = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="Another run: the difference of the two is estimated.")
    ] = None,
    against_labels: Annotated[
        Path | None, typer.Option("--against-labels", help="Its sheet; default: one sheet was drawn from both runs.")
    ] = None,
) -> None:
    """Correct a run's rates for the known errors of its judges or auditors.

    resolute judge calibrate runs/mine --labels labels.csv
    """
    from resolute.core.files import atomic, write_json
    from resolute.core.people.labels import read_labels
    from resolute.core.results.calibrating import Arm, calibrations, check_known, differences, written

    if against_labels is not None and against is None:
        raise ResoluteError(
            "labels of a second run without the run", where="--against-labels", mend="add --against RUN"
        )
    run = home(inputs[0], None)
    found = _key(run, labels, key)
    said = read_labels(labels, found)
    own = opinions(inputs, {_sort(found)})
    first = Arm(own.questions, found, said)
    arms, known = [first], [own]
    if against is not None:
        other = found if against_labels is None else _key(against, against_labels, None)
        words = said if against_labels is None else read_labels(against_labels, other)
        known.append(opinions([against], {_sort(other)}))
        arms.append(Arm(known[-1].questions, other, words))
    for arm in arms:
        check_known(
            arm.key, {trace for one, had in zip(arms, known, strict=True) if one.key == arm.key for trace in had.traces}
        )
    summary: dict[str, Any] = {
        "schema": 1,
        "event": " ".join(found.form.asks),
        "key": found.path.name,
        "audits": [audit.key for audit in own.audits],
        "labels": [_counted(what, some) for what, some in said.items()],
        "calibrations": calibrations(first),
        "differences": differences(*arms) if len(arms) > 1 else [],
    }
    name = "calibration" if _sort(found) == "verdicts" else "calibration-patterns"
    write_json(run / f"{name}.json", summary)
    with atomic(run / f"{name}.md", "w") as stream:
        stream.write(written(summary))
    page(run / f"{name}.md")
    say(f"{run / f'{name}.json'}")
    if own.audits:
        say(f"{_validated(run, own, summary)}: the audit's page with these figures")


def _validated(run: Path, own: Opinions, summary: Mapping[str, Any]) -> Path:
    """The page of the run's audit again, with what people say of its auditors."""
    from resolute.core.files import atomic, read_json
    from resolute.core.summary import written

    with atomic(run / "audit.md", "w") as stream:
        for audit in own.audits:
            stream.write(written(read_json(audit.output("summary.json")), people=summary["calibrations"]))
    return run / "audit.md"


def _counted(what: str, labels: Labels) -> dict[str, Any]:
    return {
        "event": what,
        "labels": len(labels.given),
        "missing": len(labels.missing),
        "unsure": labels.unsure,
        "after": labels.after,
    }


def _sort(key: Key) -> Sort:
    """What a sheet asks about: events are judged, patterns are audited."""
    return "verdicts" if key.form.answers == ("label",) else "risks"


def _key(run: Path, labels: Path, named: Path | None) -> Key:
    """The key whose sheet was labelled: the one named, else the run's own that has the first labelled row."""
    from resolute.core.people.labels import names_in, read_key

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
