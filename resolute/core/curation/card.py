"""The data card of a training set: what is in it, where it came from, who accepted it, and where the rest went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from resolute.core.lengths import spread
from resolute.core.markdown import table
from resolute.core.records import Example

SHOWN = 30
"""Labels of a table; funnel.json has all of them."""
LABEL = 80
"""Characters of a label."""


def written(report: Mapping[str, Any], examples: Sequence[Example]) -> str:
    """The card in Markdown. Names, counts and hashes only: no goal, thought or answer is quoted."""
    parts = (_head, _funnel, _choice, _match, _reserve, _origins, _instruments)
    return "\n".join([*(line for part in parts for line in part(report)), *_contents(report, examples)]) + "\n"


def _head(report: Mapping[str, Any]) -> list[str]:
    kinds = ", ".join(f"{n} {kind}" for kind, n in report["kinds"].items()) or "none"
    return [
        "# Training set",
        "",
        f"{report['kept']} rows ({kinds}) of {report['entered']} traces. `examples.parquet` holds them for",
        "`resolute train`; `train.jsonl` holds them as messages with the thought before the answer. Many trainers",
        "drop thoughts from messages without a word: check what carries loss. `lineage.parquet` names the prompt, the",
        "trace, the teacher and the judgements behind each row.",
        "",
        "Rows with harmful goals contain those goals: handle them as data.",
        "",
    ]


def _funnel(report: Mapping[str, Any]) -> list[str]:
    left = ((row["step"], row["reason"], row["n"], row["remaining"]) for row in report["left"])
    by = report["by"]["strategy"]
    several = [(row["label"] or "none", row["entered"], row["kept"]) for row in by]
    return [
        "## Where every trace went",
        "",
        *table(("step", "reason to leave", "traces", "still in"), left),
        "",
        *(table(("strategy", "traces", "kept"), several) if len(several) > 1 else []),
        *([""] if len(several) > 1 else []),
    ]


def _choice(report: Mapping[str, Any]) -> list[str]:
    policy = [f"{name}: {_plain(value)}" for name, value in report["accept"].items()]
    select = report["select"]
    lines = ["## How rows were chosen", "", f"Accepted by the policy {'; '.join(policy)}."]
    lines += ["A verdict counts from a score of 0.5; one that failed or is missing is no pass unless kept by policy."]
    lines += [f"Drawn by {select['by']} with seed {report['seed']}."]
    if said := report["likelihood"]:
        lines += [
            f"The student ({select['student']}, {select['identity']}) gave the {said['read']} accepted traces a mean",
            f"log-probability of {said['mean']} nats a token, and the {said['drawn']} drawn {said['mean_of_drawn']}.",
        ]
    lines += [
        f"Near-duplicates are rows whose goals and whose texts are both at least {report['near']} alike (Jaccard).",
    ]
    if report["tokens"]["loss"] is not None:
        lines += [f"Loss tokens: {report['tokens']['loss']} ({report['tokens']['unit']}, one for the end of a turn)."]
    rows = [(row["kind"], row["source"] or "any", row["rows"], row["there"]) for row in report["asked"]]
    return [*lines, "", *table(("kind", "source", "asked for", "there"), rows), ""]


def _match(report: Mapping[str, Any]) -> list[str]:
    match = report["match"]
    if not match["by"]:
        return []
    rows = [
        (each["kind"], arm["strategy"] or "none", arm["rows"], _plain(arm["loss_tokens"]))
        for each in report["asked"]
        for arm in each["arms"]
    ]
    return [
        "## Matched strategies",
        "",
        f"Matched by {' and '.join(match['by'])}; these rows are those of {match['only'] or 'none'}. Kinds of goals",
        "that one strategy alone answered have the same rows in every arm.",
        "",
        *table(("kind", "strategy", "rows", "loss tokens"), rows),
        "",
    ]


def _reserve(report: Mapping[str, Any]) -> list[str]:
    reserve = report["reserve"]
    found = [(row["source"], row["how"], row["n"]) for row in reserve["overlaps"]]
    lines = [
        "## Kept for evaluation",
        "",
        f"{reserve['goals']} goals of {', '.join(reserve['sources']) or 'no source'}. A goal overlaps when it has the",
        "same words (exact), when both hold one run of min(8, words of the shorter) words (n-gram), or at a Jaccard",
        f"similarity of words of at least {report['near']} (near). Rewording is not found.",
        "",
    ]
    return lines + ([*table(("reserved source", "overlap", "traces removed"), found), ""] if found else [])


def _origins(report: Mapping[str, Any]) -> list[str]:
    header = ("input", "file", "licence", "SHA-256", "traces", "unread rows", "left out as asked")
    rows = [
        (row["role"], row["file"], row["licence"], row["sha256"][:16], row["read"], row["unread"], row["left_out"])
        for row in report["inputs"]
    ]
    sources = [(row["source"] or "none", row["rows"], row["licence"]) for row in _most(report["sources"])]
    teachers = [
        (row["model"], row.get("identity", "repaired them"), row["rows"], term)
        for row in (*_most(report["teachers"]), *_most(report["repairers"]))
        for term in row["terms"]
    ]
    return [
        "## Where it came from",
        "",
        *table(header, rows),
        "",
        *table(("source of prompts", "rows", "licence"), sources),
        "",
        *table(("teacher", "identity", "rows", "terms of its family"), teachers),
        "",
        *([f"Repaired: {_counts(report['repaired'])}."] if report["repaired"] else []),
        "Licences and terms go by names and as they were known when this version was written: read them yourself.",
        f"Thoughts: {_counts(report['reasoning'])} (raw: the model's own; summary: by its provider; written: asked",
        "for; unknown: other people's traces, which do not say).",
        "",
    ]


def _instruments(report: Mapping[str, Any]) -> list[str]:
    said = report["instruments"]
    return [
        "## Who accepted it",
        "",
        f"Auditors: {', '.join(said['auditors']) or 'none'}. Guards and judges: {', '.join(said['judges']) or 'none'}.",
        "What accepted training data never headlines a result: judge the trained model by other instruments.",
        "",
    ]


def _contents(report: Mapping[str, Any], examples: Sequence[Example]) -> list[str]:
    lines = ["## What is in it", ""]
    for title in ("strategy", "category", "framing"):
        rows = [(row["label"][:LABEL] or "none", row["kept"]) for row in _most(report["by"][title]) if row["kept"]]
        if [label for label, _ in rows if label != "none"]:
            lines += [*table((title, "rows"), rows), ""]
    lengths = [
        ("thought", *spread(len(example.reasoning.split()) for example in examples).plain().values()),
        ("answer", *spread(len(example.answer.split()) for example in examples).plain().values()),
    ]
    empty = sum(not example.reasoning for example in examples)
    lines += table(("words of the", "texts", "mean", "median", "p90", "p99", "longest"), lengths)
    return [*lines, "", f"{empty} rows have no thought; {len({e.goal for e in examples})} different goals."]


def _most(rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    return rows[:SHOWN]


def _counts(tally: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in tally.items()) or "none"


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[Any]", value))) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "not counted" if value is None else str(value)
