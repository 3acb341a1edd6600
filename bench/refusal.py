"""Agreement of the offline refusal judge with people, beside the published judges: the table in docs/judges.md.

    python -m bench.refusal [FOLDER] [--write]      FOLDER holds XSTest's labelled completions (three CSV files);
                                                    without it, `human_labels` of the data folder (RESOLUTE_DATA)

Each model's answers are judged by weights fitted to the other models' answers to other prompts (five parts). `--write`
fits to all of them and writes the weights that are shipped. A second table judges 10,000 stored answers, timed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

from resolute.core.markdown import table
from resolute.core.records import Ending, Message, Prompt, Trace
from resolute.core.refusing.fit import Labelled, fit, left_out, read
from resolute.core.refusing.weights import PLACE as WEIGHTS
from resolute.core.refusing.weights import Label
from resolute.core.sources import PLACE
from resolute.core.statistics.agreement import Figure, Pair, pair
from resolute.judges.refusal import REFUSAL

PUBLISHED = {"gpt4": (0.94, 0.94), "llama2orig": (0.79, 0.89), "mistralinstruct": (0.76, 0.86)}
"""Model that answered -> agreement with people of GPT-4 as judge and of string matching (arXiv 2308.01263)."""
NAMES = {"gpt4": "GPT-4", "llama2orig": "Llama-2", "mistralinstruct": "Mistral"}
FOLDINGS = 3
ROWS = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path(os.environ.get(PLACE) or "data") / "human_labels")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows = [row for path in sorted(options.folder.glob("xstest_v2_completions_*.csv")) for row in read(path)]
    if not rows:
        sys.exit(f"no xstest_v2_completions_*.csv in {options.folder}")
    if options.write:
        WEIGHTS.write_text(fit(rows).written(), encoding="utf-8")
    foldings = [left_out(rows, seed=seed) for seed in range(FOLDINGS)]
    models = [name for name in NAMES if any(row.model == name for row in rows)]
    print("\n".join(table(HEAD, [_line(model, foldings) for model in models])))
    three = statistics.fmean(_three(model, folding) for model in models for folding in foldings)
    least = min(value for model in models for folding in foldings if (value := _pair(model, folding).kappa.value))
    print(f"\nThree-way agreement on average {three:.3f}; the least kappa of any parting {least:.3f}.")
    print(f"Medians over {FOLDINGS} partings of the prompts, intervals of the first.\n")
    print(f"{ROWS:,} stored answers re-judged in {_seconds(rows):.1f} s, records included.")


HEAD = ("answers of", "n", "refused or not", "kappa", "three-way", "GPT-4 as judge", "string matching")


def _line(model: str, foldings: list[list[tuple[Labelled, Label]]]) -> tuple[object, ...]:
    told = [_pair(model, folding) for folding in foldings]
    two = _middle([one.agreement.value for one in told], told[0].agreement)
    chance_free = _middle([one.kappa.value for one in told], told[0].kappa)
    three = statistics.median(_three(model, folding) for folding in foldings)
    by_gpt4, matching = PUBLISHED[model]
    return NAMES[model], told[0].n, two, chance_free, f"{three:.3f}", f"{by_gpt4:.2f}", f"{matching:.2f}"


def _middle(values: list[float | None], first: Figure) -> str:
    return (
        f"{statistics.median(value for value in values if value is not None):.3f} [{first.low:.3f}, {first.high:.3f}]"
    )


def _pair(model: str, folding: list[tuple[Labelled, Label]]) -> Pair:
    """People against ours, refused or not."""
    mine = [(row, label) for row, label in folding if row.model == model]
    theirs = [str(row.label != "compliance") for row, _ in mine]
    return pair(theirs, [str(label != "compliance") for _, label in mine], [row.prompt for row, _ in mine])


def _three(model: str, folding: list[tuple[Labelled, Label]]) -> float:
    return statistics.fmean(row.label == label for row, label in folding if row.model == model)


def _seconds(rows: list[Labelled]) -> float:
    traces = [_trace(rows[number % len(rows)], number) for number in range(ROWS)]
    start = time.perf_counter()
    for trace in traces:
        REFUSAL.judge(trace)
    return time.perf_counter() - start


def _trace(row: Labelled, number: int) -> Trace:
    prompt = Prompt(text=row.prompt, goal=row.prompt)
    return Trace(
        id=str(number),
        prompt=prompt,
        sent=[Message(role="user", content=row.prompt)],
        model=row.model,
        identity=row.model,
        reasoning="",
        answer=row.answer,
        ending=Ending(where="answer", why="end of turn"),
    )


if __name__ == "__main__":
    main()
