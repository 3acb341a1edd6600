"""The data card of a training set: what is in it, where it came from and where everything else went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from resolute.core.lengths import spread
from resolute.core.markdown import table
from resolute.core.records import Example


def written(report: Mapping[str, Any], examples: Sequence[Example]) -> str:
    """The card in Markdown. Names, counts and hashes only: no goal, thought or answer is quoted."""
    return "\n".join([*_head(report), *_funnel(report), *_contents(examples), *_terms(report)]) + "\n"


def _head(report: Mapping[str, Any]) -> list[str]:
    kinds = ", ".join(f"{n} {kind}" for kind, n in report["kinds"].items()) or "none"
    return [
        "# Training set",
        "",
        f"{report['kept']} rows ({kinds}) of {report['entered']} traces. `examples.parquet` holds them for",
        "`resolute train`; `train.jsonl` holds them as messages with the thought before the answer. Many trainers",
        "drop thoughts from messages without a word: check what carries loss.",
        "",
        "Rows with harmful goals contain those goals: handle them as data.",
        "",
    ]


def _funnel(report: Mapping[str, Any]) -> list[str]:
    left = ((row["step"], row["reason"], row["n"]) for row in report["left"])
    reserve = report["reserve"]
    return [
        "## Where every trace went",
        "",
        *table(("step", "reason to leave", "traces"), left),
        "",
        f"Kept: {report['kept']}. Drawn with seed {report['seed']}.",
        f"Reserved for evaluation: {reserve['goals']} goals of {', '.join(reserve['sources']) or 'no source'}. A goal",
        "overlaps when it has the same words, holds a run of eight words of a reserved goal (of a shorter one: all of",
        f"it), or has a Jaccard similarity of words of at least {report['near']}. Rewording is not found.",
        f"Near-duplicates are rows whose goals and whose texts are both at least {report['near']} alike.",
        "",
    ]


def _contents(examples: Sequence[Example]) -> list[str]:
    lines = ["## What is in it", ""]
    for title, labels in (
        ("source", [example.source for example in examples]),
        ("strategy", [example.strategy for example in examples]),
        ("framing", [example.framing for example in examples]),
    ):
        if any(labels):
            lines += [*table((title, "rows"), _counted(labels)), ""]
    lengths = [
        ("thought", *spread(len(example.reasoning.split()) for example in examples).plain().values()),
        ("answer", *spread(len(example.answer.split()) for example in examples).plain().values()),
    ]
    empty = sum(not example.reasoning for example in examples)
    lines += table(("words of the", "texts", "mean", "median", "p90", "p99", "longest"), lengths)
    return [*lines, "", f"{empty} rows have no thought; {len({e.goal for e in examples})} different goals.", ""]


def _counted(labels: Iterable[str]) -> list[tuple[str, int]]:
    tally = Counter(labels)
    return sorted(((label or "none", n) for label, n in tally.items()), key=lambda item: (-item[1], item[0]))


def _terms(report: Mapping[str, Any]) -> list[str]:
    header = ("input", "file", "SHA-256", "traces", "unread rows", "left out as asked")
    rows = (
        (item["role"], item["file"], item["sha256"][:16], item["read"], item["unread"], item["left_out"])
        for item in report["inputs"]
    )
    return [
        "## Where it came from",
        "",
        *table(header, rows),
        "",
        "The licences of these files, and the terms of the models that wrote the traces, hold for this set too.",
    ]
