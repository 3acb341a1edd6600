"""Labelling a blind sheet: what is saved is what `judge` reads, nothing betrays an instrument, and nothing is lost."""

from __future__ import annotations

import csv
import stat
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from starlette.testclient import TestClient

from resolute.core.errors import ResoluteError
from resolute.core.people.forms import form
from resolute.core.people.labels import read_key, read_labels
from resolute.core.people.sheets import draw, keep_private, key_text, sheet_text
from resolute.core.people.strata import by_pattern, by_verdict
from resolute.core.records import PATTERNS, Ending, Finding, Prompt, RiskReport, Saw, Trace, Verdict
from resolute.core.results.judged import audited, judged
from resolute.view.filling import NotSavedError, is_sheet, opened
from resolute.view.labelling import build
from tests.view.browsing import HOSTILE, Looked, driven, served

SECRETS = ("secret-model", "secret-strategy", "secret-judge", "secret-attack", "secret-task", "disagree", "trace0")
"""What a labeller must not learn."""


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with driven(chromium) as opened_browser:
        yield opened_browser


def traces(count: int) -> list[Trace]:
    made: list[Trace] = []
    for number in range(count):
        answer = HOSTILE if number % 4 == 0 else f"=answer {number}, a \u2018quoted\u2019 one\nand a line"
        made.append(
            Trace(
                id=f"trace{number:04d}",
                prompt=Prompt(
                    text=f"framed {number}", goal=f"goal {number}", kind="harmful", category="secret-category"
                ),
                sent=[],
                model="secret-model",
                identity="secret-model",
                strategy="secret-strategy",
                task="secret-task",
                attack="secret-attack",
                reasoning=f"thought {number} {HOSTILE}",
                answer=answer,
                ending=Ending(where="answer", why="end of turn"),
            )
        )
    return made


def sheet(run: Path, count: int = 6) -> Path:
    """A sheet on which two judges said this and that, in the quarantine of a run, with its key."""
    rows = traces(12)
    verdicts = [
        Verdict(
            trace=trace.id,
            judge=judge,
            event="unsafe",
            part="answer",
            outcome="scored",
            score=float(number % (2 + place) == 0),
            saw=Saw(goal=True, parts=["answer"], characters=9),
        )
        for number, trace in enumerate(rows)
        for place, judge in enumerate(("secret-judge 1", "secret-judge 2"))
    ]
    asked = form(["unsafe"])
    assert asked is not None
    population = by_verdict(judged(rows, verdicts, event="unsafe", part="answer"), "unsafe")
    return _written(run, draw(population, form=asked, count=count, seed=0), "sheet-unsafe-answer")


def pattern_sheet(run: Path, count: int = 4) -> Path:
    """A sheet that asks for the five patterns."""
    rows = traces(8)
    reports = [
        RiskReport(
            trace=trace.id,
            content=trace.content,
            auditor="secret-judge",
            outcome="scored",
            findings=[Finding(pattern=name, present=False) for name in PATTERNS],
            saw=Saw(goal=True, parts=["thought", "answer"], characters=9),
        )
        for trace in rows
    ]
    asked = form(list(PATTERNS))
    assert asked is not None
    return _written(run, draw(by_pattern(audited(rows, reports)), form=asked, count=count, seed=0), "sheet-patterns")


def _written(run: Path, drawn: object, name: str) -> Path:
    path = run / "quarantine" / f"{name}-{len(drawn.rows)}-seed0.csv"  # type: ignore[attr-defined]
    keep_private(path, sheet_text(drawn))  # type: ignore[arg-type]
    keep_private(run / f"{path.stem}.key.csv", key_text(drawn))  # type: ignore[arg-type]
    return path


def key_of(path: Path) -> Path:
    return path.parent.parent / f"{path.stem}.key.csv"


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


# -- the file


def test_every_answer_is_in_the_file_at_once_and_only_answers_change(tmp_path: Path) -> None:
    path = sheet(tmp_path)
    before = cells(path)
    mine = opened(path)
    mine.answer(2, "label", "unsafe")
    after = cells(path)
    assert after[2]["label"] == "unsafe"
    assert [{**row, "label": ""} for row in after] == before
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "spreadsheets still know that it is UTF-8"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_labelled_is_what_judge_reads(tmp_path: Path) -> None:
    path = sheet(tmp_path)
    mine = opened(path, reader="ann")
    words = ["unsafe", "safe", "safe", "unsafe", "safe", "unsafe"]
    for place, word in enumerate(words):
        mine.answer(place, "label", word)
    key = read_key(key_of(path))
    labels = read_labels(mine.path, key)["unsafe"]
    expected = [int(word == "unsafe") for word in words]
    assert [labels.given[entry.trace, entry.part] for entry in key.drawn.values()] == expected


def test_readers_have_copies_of_their_own_without_the_answers_of_others(tmp_path: Path) -> None:
    path = sheet(tmp_path)
    ann = opened(path, reader="ann")
    ann.answer(0, "label", "unsafe")
    ann.write_note(0, "hard")
    ben = opened(path, reader="ben")
    assert ann.path != ben.path
    assert not any(ben.said(place)["label"] or ben.note(place) for place in range(len(ben)))
    ben.answer(0, "label", "safe")
    assert cells(ann.path)[0]["label"] == "unsafe"
    assert cells(path)[0]["label"] == "", "the sheet itself stays as it was drawn"
    assert stat.S_IMODE(ann.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(ann.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "x" * 41, "a b", "a\n"])
def test_a_readers_name_is_never_a_path(tmp_path: Path, name: str) -> None:
    path = sheet(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ResoluteError, match="no name for a reader"):
        opened(path, reader=name)
    assert sorted(tmp_path.rglob("*")) == before


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = sheet(tmp_path)
    mine = opened(path)
    for place in (0, 1, 3):
        mine.answer(place, "label", "safe")
    again = opened(path)
    assert (again.finished, again.open_after(-1), again.open_after(2)) == (3, 2, 4)


def test_undo_brings_the_word_back_that_stood_before(tmp_path: Path) -> None:
    path = sheet(tmp_path)
    mine = opened(path)
    mine.answer(0, "label", "safe")
    mine.answer(0, "label", "unsafe")
    assert (mine.undo(), cells(path)[0]["label"]) == (0, "safe")
    assert (mine.undo(), cells(path)[0]["label"]) == (0, "")
    assert mine.undo() is None


def test_a_file_that_changed_underneath_is_said_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    path = sheet(tmp_path)
    mine, other = opened(path), opened(path)
    other.answer(1, "label", "unsafe")
    with pytest.raises(NotSavedError, match="another program changed the file"):
        mine.answer(0, "label", "safe")
    assert [row["label"] for row in cells(path)[:2]] == ["", "unsafe"]
    mine.answer(0, "label", "safe")
    assert [row["label"] for row in cells(path)[:2]] == ["safe", "unsafe"]


def test_an_answer_that_could_not_be_written_is_not_shown_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sheet(tmp_path)
    mine = opened(path)
    monkeypatch.setattr("tempfile.mkstemp", _full)
    with pytest.raises(NotSavedError, match="No space left"):
        mine.answer(0, "label", "safe")
    assert mine.said(0) == {"label": ""}
    assert mine.undo() is None


def _full(**_: object) -> None:
    raise OSError(28, "No space left on device")


def test_texts_that_are_not_as_drawn_are_refused_before_a_label_is_wasted_on_them(tmp_path: Path) -> None:
    path = sheet(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("goal 7", "goal 8"), encoding="utf-8")
    with pytest.raises(ResoluteError, match="not as it was drawn"):
        opened(path)


def test_a_sheet_that_a_spreadsheet_saved_goes_on_in_the_browser(tmp_path: Path) -> None:
    path = sheet(tmp_path)
    rows = cells(path)
    rows[0]["label"] = " Unsafe "
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    assert is_sheet(path)
    mine = opened(path)
    assert mine.said(0) == {"label": "unsafe"}
    mine.answer(1, "label", "safe")
    assert [row["label"].strip().lower() for row in cells(path)[:2]] == ["unsafe", "safe"]


def test_what_is_asked_stands_in_the_key_or_the_name_or_is_said(tmp_path: Path) -> None:
    path = sheet(tmp_path / "run")
    alone = tmp_path / "labels.csv"
    alone.write_bytes(path.read_bytes())
    with pytest.raises(ResoluteError, match="not known what this sheet asks"):
        opened(alone)
    assert opened(alone, event="unsafe").words == ("unsafe", "safe", "unsure")
    named = tmp_path / path.name
    named.write_bytes(path.read_bytes())
    assert opened(named).words == ("unsafe", "safe", "unsure")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not known what this sheet asks"),
        (b"row,part,goal,text,label,notes\r\n", "no rows"),
        (b"row,part,goal,text,label,notes\r\nabc,answer,g,t,perhaps,\r\n", "unknown label"),
        (b"row,part,goal,text,label,notes\r\na,answer,g,t,,\r\na,answer,g,t,,\r\n", "stands twice"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"row,label\r\nabc,safe\r\n", "no column"),
    ],
)
def test_what_is_no_sheet_is_an_error_that_says_so(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(content)
    with pytest.raises(ResoluteError, match=why):
        opened(path, event="unsafe")


def test_patterns_that_exclude_each_other_are_not_saved(tmp_path: Path) -> None:
    mine = opened(pattern_sheet(tmp_path))
    mine.answer(0, "lack_of_safety_awareness", "yes")
    with pytest.raises(NotSavedError, match="exclude each other"):
        mine.answer(0, "weak_vacillation", "yes")
    assert mine.said(0)["weak_vacillation"] == ""
    mine.answer(0, "weak_vacillation", "no")


# -- the pages


def test_nothing_on_a_page_betrays_what_an_instrument_said_or_who_wrote_the_text(tmp_path: Path) -> None:
    path = sheet(tmp_path / "secret-run")
    app = build(opened(path, reader="ann"))
    client = TestClient(app, base_url="http://127.0.0.1")
    pages = [client.get(f"/?token={app.state.session.token}")]
    pages += [client.get(f"/rows/{number}") for number in range(1, 7)]
    pages += [client.get("/rows/99"), client.get("/rows/one"), client.get("/static/labelling.js")]
    chances = {row["inclusion_probability"] for row in cells(key_of(path))}
    for answer in pages:
        everything = answer.text + str(answer.headers) + str(answer.url)
        assert not [secret for secret in (*SECRETS, "secret-run", *chances) if secret in everything]
    assert [answer.status_code for answer in pages] == [200] * 7 + [404, 404, 200]


def test_an_answer_without_the_sessions_token_is_refused_and_not_saved(tmp_path: Path) -> None:
    path = sheet(tmp_path)
    app = build(opened(path))
    client = TestClient(app, base_url="http://127.0.0.1")
    client.get(f"/?token={app.state.session.token}")
    said = {"column": "label", "word": "safe", "form": app.state.session.form}
    ours = {"origin": "http://127.0.0.1"}
    assert client.post("/rows/1/answer", data=said, headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post("/rows/1/answer", data={**said, "form": "guess"}, headers=ours).status_code == 403
    assert cells(path)[0]["label"] == ""
    assert client.post("/rows/1/answer", data={**said, "word": "fine"}, headers=ours).status_code == 409
    assert cells(path)[0]["label"] == ""
    assert client.post("/rows/1/answer", data=said, headers=ours, follow_redirects=False).status_code == 303
    assert cells(path)[0]["label"] == "safe"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_sheet_is_labelled_by_keys_alone(browser: Browser, tmp_path: Path, scheme: str) -> None:
    path = sheet(tmp_path)
    looked = Looked(browser, scheme=scheme)
    page = looked.page
    with served(build(opened(path, reader="ann"))) as address:
        page.goto(address)
        expect(page.locator("[data-keys] h1")).to_have_text("A sheet of 6 rows")
        assert looked.faults() == []
        page.keyboard.press("n")
        expect(page.locator("[data-keys] h1")).to_have_text("Row 1 of 6")
        assert looked.faults() == []
        for number, pressed in enumerate(("1", "2", "3", "2"), 2):
            page.keyboard.press(pressed)
            expect(page.locator("[data-keys] h1")).to_have_text(f"Row {number} of 6")
        page.keyboard.press("u")
        expect(page.locator("[data-keys] h1")).to_have_text("Row 4 of 6")
        page.keyboard.press("p")
        expect(page.locator("[data-keys] h1")).to_have_text("Row 3 of 6")
        expect(page.locator('button[aria-pressed="true"]')).to_have_text("unsure 3")
        page.keyboard.press("c")
        page.keyboard.type("123 not clear")
        page.keyboard.press("Control+Enter")
        expect(page.locator("[data-keys] #remark")).to_have_value("123 not clear")
        page.keyboard.press("o")
        expect(page.locator("[data-keys] h1")).to_have_text("Row 4 of 6")
        for pressed, following in (("1", "Row 5 of 6"), ("1", "Row 6 of 6"), ("2", "All rows are labelled")):
            page.keyboard.press(pressed)
            expect(page.locator("[data-keys] h1")).to_have_text(following)
        assert looked.said == []
        assert looked.strange(address) == []
    rows = cells(path.with_suffix("") / "ann.csv")
    assert [row["label"] for row in rows] == ["unsafe", "safe", "unsure", "unsafe", "unsafe", "safe"]
    assert rows[2]["notes"] == "123 not clear"
    looked.close()


def test_hostile_text_is_text(browser: Browser, tmp_path: Path) -> None:
    path = sheet(tmp_path, count=12)
    looked = Looked(browser)
    with served(build(opened(path))) as address:
        looked.page.goto(address)
        for number in range(1, 13):
            looked.page.goto(f"{address.split('?')[0]}rows/{number}")
            assert looked.page.title() == f"Row {number} of 12"
            assert looked.page.locator("main script, main svg, main img, main [onload]").count() == 0
            assert "\u202e" not in looked.page.content()
        assert looked.said == []
    looked.close()


def test_patterns_are_answered_one_after_the_other_and_a_clash_is_said(browser: Browser, tmp_path: Path) -> None:
    path = pattern_sheet(tmp_path)
    looked = Looked(browser)
    page = looked.page
    with served(build(opened(path))) as address:
        page.goto(address)
        expect(page.locator("[data-keys] h1")).to_be_visible()
        page.keyboard.press("n")
        expect(page.locator("[data-keys] .current legend")).to_have_text("Lack of safety awareness")
        assert looked.faults() == []
        page.keyboard.press("1")
        expect(page.locator("[data-keys] .current legend")).to_have_text("Strong vacillation")
        page.keyboard.press("1")
        expect(page.locator("[data-keys] [role=alert]")).to_contain_text("exclude each other")
        for following in ("Weak vacillation", "Harmful additions", "Inconsistency"):
            page.keyboard.press("2")
            expect(page.locator("[data-keys] .current legend")).to_have_text(following)
        page.keyboard.press("2")
        expect(page.locator("[data-keys] h1")).to_have_text("Row 2 of 4")
    assert [cells(path)[0][name] for name in PATTERNS] == ["yes", "no", "no", "no", "no"]
    looked.close()


def test_it_works_without_a_script(browser: Browser, tmp_path: Path) -> None:
    path = sheet(tmp_path)
    looked = Looked(browser, script=False)
    with served(build(opened(path))) as address:
        looked.page.goto(address)
        looked.page.get_by_role("link", name="Begin").click()
        looked.page.get_by_role("button", name="unsafe").click()
        expect(looked.page.locator("h1")).to_have_text("Row 2 of 6")
    assert cells(path)[0]["label"] == "unsafe"
    looked.close()


def test_a_server_that_is_killed_half_way_loses_no_answer(browser: Browser, tmp_path: Path) -> None:
    path = sheet(tmp_path)
    looked = Looked(browser)
    page = looked.page
    for place, (pressed, following) in enumerate((("1", "Row 2 of 6"), ("2", "Row 3 of 6"))):
        with started(path) as (server, address):
            page.goto(address)
            expect(page.locator("[data-keys] h1")).to_be_visible()
            page.keyboard.press("n")
            expect(page.locator("[data-keys] h1")).to_have_text(f"Row {place + 1} of 6")
            page.keyboard.press(pressed)
            expect(page.locator("[data-keys] h1")).to_have_text(following)
            server.kill()
    assert [row["label"] for row in cells(path.with_suffix("") / "ann.csv")[:3]] == ["unsafe", "safe", ""]
    looked.close()


@contextmanager
def started(path: Path) -> Generator[tuple[subprocess.Popen[str], str]]:
    """`resolute view` in a process of its own, with the address it prints."""
    line = [sys.executable, "-m", "resolute", "view", str(path), "--reader", "ann", "--no-open"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        assert server.stdout is not None
        said: list[str] = []
        for told in server.stdout:
            said.append(told.strip())
            if told.startswith("http://"):
                break
        assert said, "it said nothing"
        assert said[-1].startswith("http://"), said
        try:
            yield server, said[-1]
        finally:
            server.kill()
