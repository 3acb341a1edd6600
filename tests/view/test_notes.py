"""Notes beside verdicts are kept, are ids and words only, and never reach a rate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from resolute.core.errors import ResoluteError
from resolute.core.labels import read_key, read_labels
from resolute.view.app import build, opened
from resolute.view.notes import NAME
from tests.view.making import quiet, study
from tests.view.test_labelling import key_of, sheet

OURS = {"origin": "http://127.0.0.1"}


def test_a_note_is_kept_shown_and_taken_away_and_is_refused_for_what_is_not_there(tmp_path: Path) -> None:
    shown = opened([study(tmp_path)], quiet)
    app = build(shown)
    client = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
    client.get(f"/?token={app.state.session.token}")
    seen, verdict = next(
        (seen, found[0][1])
        for seen in shown.index.seen(range(shown.index.size))
        if (found := shown.index.about(seen.n).verdicts)
    )
    said = {"form": app.state.session.form, "key": seen.key, "verdict": verdict.id, "word": "disagree", "back": "/"}
    assert client.post("/note", data=said, headers=OURS).status_code == 303
    file = shown.material.home / NAME
    assert json.loads(file.read_text())["notes"] == {seen.key: {verdict.id: "disagree"}}
    assert 'value="disagree" aria-pressed="true"' in client.get(f"/trace/{seen.key}").text
    assert client.post("/note", data={**said, "word": "maybe"}, headers=OURS).status_code == 404
    assert client.post("/note", data={**said, "verdict": "other"}, headers=OURS).status_code == 404
    assert client.post("/note", data={**said, "form": "guess"}, headers=OURS).status_code == 403
    client.post("/note", data=said, headers=OURS)
    assert json.loads(file.read_text())["notes"] == {}


def test_notes_are_no_labels(tmp_path: Path) -> None:
    path = sheet(tmp_path)
    (tmp_path / NAME).write_text(json.dumps({"schema": 1, "notes": {"trace0000": {"v": "disagree"}}}))
    key = read_key(key_of(path))
    for given in (path, tmp_path / NAME):  # an unlabelled sheet beside notes has no labels; notes are no sheet
        with pytest.raises(ResoluteError):
            read_labels(given, key)
