"""`train --push`: the checkpoint of a run, its card with the run's own evaluation, and the data card, to the hub."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from resolute.cli.console import say

if TYPE_CHECKING:
    from resolute.core.runs import Artifact


def ready(name: str) -> None:
    """Raise before any training where the name or the token is missing."""
    from resolute.models.training.push import check_name, check_token

    check_name(name)
    check_token()


def send(trained: Artifact, run: Path, examples: Path, name: str, *, public: bool) -> None:
    """Push one trained artifact; says the address."""
    from resolute.models.training.cards import evaluated
    from resolute.models.training.push import CARD, DATA_CARD, push

    card = trained.output("card.md").read_text(encoding="utf-8")
    rows = figures(run, trained)
    cards = {CARD: evaluated(card, rows) if rows else card}
    # The curate stage's card: names, counts and hashes, no text of the data.
    if (examples.parent / "funnel.json").is_file() and (examples.parent / "README.md").is_file():
        cards[DATA_CARD] = (examples.parent / "README.md").read_text(encoding="utf-8")
    say(f"pushed: {push(trained.folder / 'checkpoint', name, cards=cards, public=public)}")


def figures(run: Path, trained: Artifact) -> list[tuple[str, str]]:
    """What the run's judges said of this checkpoint's answers: event and counts. Empty where there is nothing."""
    from resolute.core.files import read_records
    from resolute.core.records import Verdict
    from resolute.core.runs import Run

    entries = list(Run(run).entries().values())
    asked = [
        one for one in entries if one.stage == "evaluate" and _place(one.manifest.sources.get("model")) == trained.key
    ]
    answers = {one.key: one for one in asked}
    found: list[tuple[str, str]] = []
    for judged in (one for one in entries if one.stage == "judge"):
        for source in answers.keys() & {_place(source) for source in judged.manifest.sources.values()}:
            suites = ", ".join(answers[source].manifest.settings["suites"])
            verdicts = read_records(judged.output("verdicts.parquet"), Verdict)
            for (judge, event, part), number in sorted(Counter((v.judge, v.event, v.part) for v in verdicts).items()):
                mine = [v for v in verdicts if (v.judge, v.event, v.part) == (judge, event, part)]
                scores = [v.score for v in mine if v.score is not None]
                share = f"{sum(scores):.1f} of {len(scores)} scored ({number - len(scores)} not)"
                found.append((f"{suites}: {event} ({part}, by {judge})", share))
    return found


def _place(source: str | None) -> str:
    """The key of the artifact a path of the store lies in."""
    return Path(source).parent.name if source else ""
