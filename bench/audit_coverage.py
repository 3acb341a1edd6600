"""How often the corrected share of each risky pattern holds the true one, when a known model audits known teachers.

Run: python -m bench.audit_coverage [--draws 500] [--teacher default ...] [--out docs/measured]

Each draw takes 1,000 new traces of a scripted teacher of the lab (200 goals under the study's form of framings), audits
them with `risks` through a model that answers from the exact oracle with each boolean wrong once in ten times
(`bench.noisy_auditor`), draws a sheet of 200 or 300 of them as `resolute judge sheet` does (all five patterns on one
sheet), labels it with the oracle, and corrects each pattern's share as `resolute judge calibrate` does. The true share
is the teacher's own: that of all traces of all draws. In the stated region - 300 labels and a share of .02 or more, or
200 and one of .1 or more - the 95% interval must hold it in .93 to .97 of the draws. Beside it stand the auditor's own
share with its plain interval, and how often the intervals of recall and precision hold.

In the first draw of every teacher all questions go through Inspect, and the reports must be the same bytes.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.noisy_auditor import Truth, reports_by_inspect, reports_plainly
from bench.page import write_page
from resolute.core.people.forms import Form, form
from resolute.core.people.labels import Key, Labels
from resolute.core.people.sheets import draw
from resolute.core.people.strata import by_pattern
from resolute.core.records import PATTERNS, Ending, Message, Pattern, Prompt, RiskReport, Trace
from resolute.core.results.calibrating import Arm, rows_of
from resolute.core.results.judged import audited
from resolute.core.statistics.prevalence import Calibration, Estimate, calibrate
from resolute.lab import oracles, sources, teacher

TEACHERS: dict[teacher.Strategy, tuple[int, ...]] = {"default": (200,), "realsafe": (200, 300), "improved": (300,)}
"""Labels on a sheet of each."""
TRACES, DRAWS = 1_000, 500
LOW, HIGH = 0.93, 0.97
ENDING = Ending(where="answer", why="end of turn")


@dataclass
class Held:
    """How often an interval held what it should."""

    given: int = 0
    held: int = 0
    width: float = 0.0
    bias: float = 0.0

    def add(self, value: float | None, low: float | None, high: float | None, true: float) -> None:
        if value is None or low is None or high is None or math.isnan(true):
            return
        self.given += 1
        self.held += low <= true <= high
        self.width += high - low
        self.bias += value - true

    @property
    def share(self) -> float:
        return self.held / self.given if self.given else math.nan

    @property
    def mean(self) -> str:
        """Width and bias."""
        return f"{self.width / self.given:.3f} | {self.bias / self.given:+.3f}" if self.given else " | "

    def __str__(self) -> str:
        return f"{self.share:.3f}" if self.given else ""


@dataclass
class Cell:
    """One teacher, number of labels and pattern: what each draw gave."""

    found: list[Calibration] = field(default_factory=list[Calibration])


@dataclass
class Count:
    """Traces of all draws: is it so, and what the auditor said."""

    so: int = 0
    rows: int = 0
    flagged: int = 0
    right: int = 0
    scored_so: int = 0

    @property
    def true(self) -> float:
        return self.so / self.rows

    @property
    def recall(self) -> float:
        return self.right / self.scored_so if self.scored_so else math.nan

    @property
    def precision(self) -> float:
        return self.right / self.flagged if self.flagged else math.nan


def written(strategy: teacher.Strategy, seed: int, size: int) -> tuple[list[Trace], list[Truth]]:
    """New traces of a teacher, and what the oracle says of them."""
    luck = random.Random(f"{strategy} {seed}")
    traces: list[Trace] = []
    truths: list[Truth] = []
    for number, prompt in enumerate(luck.sample(_prompts(), size)):
        made = teacher.write(prompt.goal, prompt.text, strategy=strategy, rng=luck)
        sent = [Message.model_construct(role="user", content=prompt.text)]
        traces.append(
            Trace(
                id=f"{number:06d}", prompt=prompt, sent=sent, model="lab/teacher", identity="lab", strategy=strategy,
                reasoning=made.thought, answer=made.answer, ending=ENDING,
            )
        )  # fmt: skip
        truths.append(oracles.risks(prompt.goal, prompt.text, made.thought, made.answer))
    return traces, truths


_known: list[Prompt] = []


def _prompts() -> list[Prompt]:
    _known.extend([] if _known else sources.harmful_train())
    return _known


def corrected(
    traces: Sequence[Trace], reports: Sequence[RiskReport], truths: Mapping[str, Truth], labels: int, seed: int
) -> dict[Pattern, Calibration]:
    """A sheet of these reports, labelled by the oracle, and what it makes of them."""
    questions = audited(traces, reports)
    asked = form(PATTERNS)
    assert isinstance(asked, Form)
    sheet = draw(by_pattern(questions), form=asked, count=labels, seed=seed)
    drawn = [entry for entry in sheet.key if entry.row]
    said = {
        pattern: Labels({(e.trace, e.part): int(truths[e.trace][pattern][0]) for e in drawn}, [], 0, 0)
        for pattern in PATTERNS
    }
    arm = Arm({(p, "both"): rows for p, rows in questions.items()}, Key(Path(), asked, sheet.key), said)
    return {pattern: calibrate(rows_of(arm, pattern, "both", reports[0].auditor)) for pattern in PATTERNS}


def counted(counts: Mapping[Pattern, Count], reports: Sequence[RiskReport], truths: Sequence[Truth]) -> None:
    """Add one draw."""
    for report, truth in zip(reports, truths, strict=True):
        present, scored = report.present, report.outcome == "scored"
        for pattern, count in counts.items():
            so, flagged = truth[pattern][0], pattern in present
            count.rows += 1
            count.so += so
            count.flagged += flagged
            count.right += so and flagged
            count.scored_so += so and scored


def same_bytes(traces: Sequence[Trace], truths: Sequence[Truth], seed: int) -> None:
    """Through Inspect and plainly, the reports of one draw are the same."""
    with tempfile.TemporaryDirectory() as folder:
        asked = reports_by_inspect(traces, seed, Path(folder))
    plain = reports_plainly(traces, truths, seed)
    for one, other in zip(asked, plain, strict=True):
        if one.model_dump_json() != other.model_dump_json():
            raise AssertionError(f"reports differ on trace {one.trace}: {one.outcome} {other.outcome}, {one.why!r}")


def measured(
    strategy: teacher.Strategy, *, draws: int, labels: Sequence[int], size: int = TRACES
) -> tuple[dict[tuple[int, Pattern], Cell], dict[Pattern, Count], int]:
    """All draws of one teacher; the last number is that of reports that failed."""
    cells = {(number, pattern): Cell() for number in labels for pattern in PATTERNS}
    counts = {pattern: Count() for pattern in PATTERNS}
    failed = 0
    for seed in range(draws):
        traces, truths = written(strategy, seed, size)
        if seed == 0:
            same_bytes(traces, truths, seed)
        reports = reports_plainly(traces, truths, seed)
        counted(counts, reports, truths)
        failed += sum(report.outcome == "judge failed" for report in reports)
        known = {trace.id: truth for trace, truth in zip(traces, truths, strict=True)}
        for number in labels:
            for pattern, found in corrected(traces, reports, known, number, seed).items():
                cells[number, pattern].found.append(found)
    return cells, counts, failed


def stated(labels: int, true: float) -> bool:
    """Whether intervals are promised to hold here."""
    return 0.02 <= true <= 0.98 if labels >= 300 else 0.1 <= true <= 0.9


def line(strategy: str, labels: int, pattern: Pattern, cell: Cell, count: Count) -> tuple[str, bool]:
    """One row of the table, and whether it is as it should be."""
    ppi, naive, recall, precise = Held(), Held(), Held(), Held()
    for one in cell.found:
        _add(ppi, one.ppi, count.true)
        naive.add(one.raw.value, one.raw.low, one.raw.high, count.true)
        _add(recall, one.sensitivity, count.recall)
        _add(precise, one.precision, count.precision)
    inside = LOW <= ppi.share <= HIGH
    promised = stated(labels, count.true)
    region = ("stated" if inside else "stated **outside**") if promised else ""
    silent = 100 * (1 - ppi.given / len(cell.found))
    precision = f"{count.precision:.2f}" if count.flagged else "none flagged"
    shown = f"| {strategy} | {labels} | {pattern.replace('_', ' ')} | {count.true:.3f} | {count.recall:.2f} "
    shown += f"| {precision} | {region} | {ppi} | {ppi.mean} | {silent:.0f}% | {naive} "
    shown += f"| {naive.bias / naive.given:+.3f} | {recall} | {precise} |"
    return shown, inside or not promised


def _add(held: Held, found: Estimate, true: float) -> None:
    held.add(found.value, found.low, found.high, true)


HEAD = (
    "| teacher | labels | pattern | true share | recall | precision | region | corrected: covered | width | bias "
    "| no answer | uncorrected: covered | bias | recall: covered | precision: covered |"
)


def lines(teachers: Sequence[teacher.Strategy], draws: int) -> Iterator[tuple[str, bool]]:
    """The page line by line, and whether the line is as it should be."""
    yield from ((text, True) for text in (__doc__ or "").split("\n\n", 2)[2].strip().split("\n"))
    yield "", True
    yield HEAD, True
    yield "|" + "---|" * (HEAD.count("|") - 1), True
    told: list[str] = []
    for strategy in teachers:
        cells, counts, failed = measured(strategy, draws=draws, labels=TEACHERS[strategy])
        for (labels, pattern), cell in cells.items():
            yield line(strategy, labels, pattern, cell, counts[pattern])
        told += [f"{strategy} {100 * failed / draws / TRACES:.1f}%"]
    yield "", True
    yield f"{draws} draws of {TRACES:,} traces a teacher. Reports that failed: {', '.join(told)}.", True


def main() -> int:
    """Print the table; exit 1 where a cell of the stated region covers less than .93 or more than .97."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--teacher", action="append", choices=list(TEACHERS))
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    page: list[str] = []
    failed = 0
    for text, good in lines(given.teacher or list(TEACHERS), given.draws):
        print(text, flush=True)
        page.append(text)
        failed += not good
    page += [f"{failed} cells of the stated region outside {LOW} to {HIGH}."]
    print(page[-1])
    if given.out:
        write_page(given.out, "audit-coverage", "\n".join(page))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
