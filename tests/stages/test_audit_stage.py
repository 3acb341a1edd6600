"""`audit` on the real files: nothing lost, endings and lengths right, every report about the words it was made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, read_records
from resolute.core.jobs import Job, perform
from resolute.core.records import RiskReport, Trace
from resolute.core.runs import Artifact
from resolute.core.settings import Audit


def audit(path: Path, store: Path, **settings: object) -> Artifact:
    return perform(Job("audit", Audit.model_validate(settings), {"traces": path}), store, lambda *_: None)


def mine(folder: Path, *rows: dict[str, object]) -> Path:
    path = folder / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("name", "kind", "n", "unclosed"),
    [
        ("STAR-1.json", None, 1000, 0),
        ("r1_distill_llama_8b_cautious.csv", None, 81, 0),
        ("r1_distill_llama_8b_alpaca.csv", "benign", 100, 1),
    ],
)
def test_real_traces_are_read_and_none_is_lost(
    shared_data: Path, tmp_path: Path, name: str, kind: str | None, n: int, unclosed: int
) -> None:
    tokenizer = str(shared_data / "tokenizers" / "r1-distill-qwen")
    made = audit(shared_data / "traces" / name, tmp_path, tokenizer=tokenizer, kind=kind)
    counts = made.manifest.counts
    assert (counts["read"], counts["unread"], counts["audited"], made.manifest.failed_rows) == (n, 0, n, 0)
    traces = {trace.id: trace for trace in read_records(made.output("traces.parquet"), Trace)}
    reports = read_records(made.output("risks.parquet"), RiskReport)
    assert len(traces) == n == len(reports)
    assert all(report.content == traces[report.trace].content for report in reports)
    summary = read_json(made.output("summary.json"))
    assert sum(item["n"] for item in summary["endings"] if item["where"] == "thought") == unclosed
    assert sum(item["n"] for item in summary["endings"]) == n
    assert summary["unit"] == "tokens of r1-distill-qwen"
    page = made.output("summary.md").read_text()
    assert f"{n} traces read, 0 rows unread" in page
    some = next(iter(traces.values()))
    assert some.prompt.text not in page and some.answer not in page


def test_lengths_are_those_of_the_named_tokenizer(shared_data: Path, tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    folder = shared_data / "tokenizers" / "r1-distill-qwen"
    made = audit(shared_data / "traces" / "r1_distill_llama_8b_cautious.csv", tmp_path, tokenizer=str(folder))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    traces = read_records(made.output("traces.parquet"), Trace)
    counted = [len(tokenizer.encode(trace.reasoning, add_special_tokens=False).ids) for trace in traces]
    said = read_json(made.output("summary.json"))["lengths"]["thought"]
    assert (said["n"], said["max"], said["mean"]) == (81, max(counted), round(sum(counted) / 81, 1))


def test_the_screen_tells_a_curated_set_from_raw_output(shared_data: Path, tmp_path: Path) -> None:
    def overthinking(name: str) -> dict[str, float]:
        summary = read_json(audit(shared_data / "traces" / name, tmp_path).output("summary.json"))
        (row,) = [row for row in summary["patterns"] if row["pattern"] == "overthinking"]
        return row

    assert overthinking("STAR-1.json")["high"] < overthinking("r1_distill_llama_8b_cautious.csv")["low"]


def test_our_own_traces_are_audited_where_they_lie(tmp_path: Path) -> None:
    first = audit(mine(tmp_path, {"prompt": "p", "response": "<think>t</think>a"}), tmp_path / "store", kind="harmful")
    again = audit(first.output("traces.parquet"), tmp_path / "store")
    assert "traces.parquet" not in again.manifest.outputs
    reports = [read_records(made.output("risks.parquet"), RiskReport) for made in (first, again)]
    assert reports[0] == reports[1]


def test_rows_without_a_trace_are_counted_as_failed(tmp_path: Path) -> None:
    rows = [{"prompt": "p", "response": "a"}, {"prompt": "", "response": "a"}, {"prompt": "q", "response": None}]
    made = audit(mine(tmp_path, *rows), tmp_path / "store")
    assert (made.manifest.counts["read"], made.manifest.counts["unread"], made.manifest.failed_rows) == (1, 2, 2)
    assert "the first of them: 2, 3" in made.manifest.notes[0]


def test_the_same_contents_elsewhere_are_the_same_artifact_and_other_settings_another(tmp_path: Path) -> None:
    row = {"prompt": "p", "response": "a"}
    (tmp_path / "other").mkdir()
    first = audit(mine(tmp_path, row), tmp_path / "store")
    assert audit(mine(tmp_path / "other", row), tmp_path / "store").key == first.key
    assert audit(mine(tmp_path, row), tmp_path / "store", kind="benign").key != first.key


def test_every_auditor_named_gives_one_report_per_trace(tmp_path: Path) -> None:
    path = mine(tmp_path, {"prompt": "p", "response": "<think>t</think>a"})
    made = audit(path, tmp_path / "store", auditors=["screen", "lab/oracle"])
    signed = {report.auditor.split()[0] for report in read_records(made.output("risks.parquet"), RiskReport)}
    assert signed == {"screen", "lab/oracle"}


def test_what_cannot_be_audited_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = mine(tmp_path, {"prompt": "p", "response": "a"})
    with pytest.raises(ResoluteError, match="unknown instrument"):
        audit(path, tmp_path / "store", auditors=["scren"])
    with pytest.raises(ResoluteError, match="needs a file of traces"):
        perform(Job("audit", Audit()), tmp_path / "store", lambda *_: None)
    assert not (tmp_path / "store").exists()


def test_a_thought_of_a_megabyte_and_unstorable_characters_pass_through(tmp_path: Path) -> None:
    rows = [{"prompt": "p", "response": "<think>" + "so it goes. " * 90_000 + "</think>a\ud800"}]
    made = audit(mine(tmp_path, *rows), tmp_path / "store")
    (trace,) = read_records(made.output("traces.parquet"), Trace)
    assert len(trace.reasoning) > 1_000_000 and trace.answer == "a\ufffd"
    assert "1 characters" in made.manifest.notes[0]
