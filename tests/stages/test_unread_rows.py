"""What an audit could not read is listed row by row beside its note, without any of its text."""

from __future__ import annotations

import json
from pathlib import Path

from resolute.core.files import read_jsonl
from resolute.core.jobs import Job, perform
from resolute.core.runs import Artifact
from resolute.core.settings import Audit, Judge


def audited(folder: Path, *lines: str) -> Artifact:
    path = folder / "mine.jsonl"
    path.write_text("".join(line + "\n" for line in lines))
    job = Job("audit", Audit(kind="benign"), {"traces": path})
    return perform(job, folder / "store", lambda *_, **__: None)


GOOD = json.dumps({"prompt": "How do I bake bread?", "response": "a"})


def test_every_unread_row_is_in_a_file_and_in_the_counts(tmp_path: Path) -> None:
    bad = [json.dumps({"prompt": None, "response": f"secret {number}"}) for number in range(30)]
    artifact = audited(tmp_path, GOOD, *bad, '{"prompt": "secret')
    rows = read_jsonl(artifact.folder / "unread.jsonl")
    assert [row["row"] for row in rows] == list(range(2, 33)) and all(row["why"] for row in rows)
    counts = artifact.manifest.counts
    assert counts["read"] + counts["unread"] + counts["left_out"] == 32 and artifact.manifest.failed_rows == 31
    assert any("unread.jsonl" in note for note in artifact.manifest.notes)
    assert not any("secret" in path.read_text() for path in artifact.folder.glob("*.json*"))


def test_a_judge_counts_the_rows_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(f'{GOOD}\n{{"prompt": "secret"}}\n')
    job = Job("judge", Judge(judges=("refusal",)), {"traces": path})
    manifest = perform(job, tmp_path / "store", lambda *_, **__: None).manifest
    assert (manifest.counts["traces"], manifest.counts["unread"]) == (1, 1)
    assert any("1 rows hold no trace" in note for note in manifest.notes)


def test_where_all_was_read_there_is_no_such_file(tmp_path: Path) -> None:
    assert not (audited(tmp_path, GOOD).folder / "unread.jsonl").exists()
