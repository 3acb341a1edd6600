"""Notes beside verdicts are kept, are ids and words only, and never reach a rate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect
from starlette.testclient import TestClient

from resolute.cli.app import run as resolute
from resolute.core.errors import ResoluteError
from resolute.core.people.labels import read_key, read_labels
from resolute.view.app import build, opened
from resolute.view.notes import NAME
from tests.cli.test_judge_people import labelled, made
from tests.view.browsing import Looked, driven, served
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


def test_notes_made_in_the_browser_change_no_sheet_and_no_calibration(
    chromium: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "runs" / "mine"
    made(run)
    before = calibrated(run, capsys)
    with driven(chromium) as browser, served(build(opened([run], quiet))) as address:
        look = Looked(browser)
        page = look.page
        page.goto(address)
        page.locator('input[name="disagree"]').first.press("Space")
        page.wait_for_url("**disagree=**")
        page.locator(".line a.open").first.press("Enter")
        page.wait_for_url("**/trace/**")
        assert look.faults() == []
        for place in range(page.locator("form.note").count()):
            page.locator("form.note").nth(place).get_by_role("button", name="disagree").press("Enter")
            expect(page.locator("form.note").nth(place).locator('[aria-pressed="true"]')).to_have_text("✓ disagree")
        assert look.said == []
        assert look.strange(address) == []
        look.close()
    noted = json.loads((run / NAME).read_text())["notes"]
    assert [set(words.values()) for words in noted.values()] == [{"disagree"}]
    assert calibrated(run, capsys) == before


def calibrated(run: Path, capsys: pytest.CaptureFixture[str]) -> list[bytes]:
    """A sheet that is drawn anew, the calibration of its labels, and what was said."""
    for old in [*run.glob("quarantine/sheet-*.csv"), *run.glob("*.key.csv")]:
        old.unlink()
    assert resolute(["judge", "sheet", str(run), "--n", "300"]) == 0
    (sheet,) = run.glob("quarantine/sheet-*.csv")
    capsys.readouterr()
    assert resolute(["judge", "calibrate", str(run), "--labels", str(labelled(run, name=str(run / "labels.csv")))]) == 0
    return [sheet.read_bytes(), (run / "calibration.json").read_bytes(), capsys.readouterr().out.encode()]
