"""Only pages of this machine that hold the session's token are answered, and only their own forms change anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json
from resolute.view.app import Opened, build, opened
from resolute.view.marks import Marks
from resolute.view.session import HEADERS, Session
from tests.view.making import quiet, study, trace

HERE = "http://127.0.0.1:8000"
OWN = {"origin": HERE}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    return opened([study(tmp_path_factory.mktemp("study"))], quiet)


@pytest.fixture
def client(shown: Opened) -> Iterator[TestClient]:
    """Somebody who opened the printed address of a run without marks."""
    shown.marks.path.unlink(missing_ok=True)
    app = build(shown)
    with TestClient(app, base_url=HERE, follow_redirects=False) as made:
        assert made.get(f"/?token={app.state.session.token}").status_code == 303
        yield made


def stranger(client: TestClient) -> TestClient:
    """Somebody else on the machine, with another browser."""
    return TestClient(client.app, base_url=HERE, follow_redirects=False)


def form(client: TestClient) -> str:
    return client.app.state.session.form  # type: ignore[attr-defined]


@pytest.mark.parametrize("address", ["/", "/trace/x", "/beside", "/goal/x", "/logs/x", "/nothing", "/?token=wrong"])
def test_nothing_is_shown_without_the_token(client: TestClient, address: str) -> None:
    answer = stranger(client).get(address)
    assert answer.status_code == 403
    assert "polish" not in answer.text


def test_the_token_leaves_the_address_and_becomes_a_cookie_no_script_and_no_other_site_can_use(
    client: TestClient,
) -> None:
    token = client.app.state.session.token  # type: ignore[attr-defined]
    answer = stranger(client).get(f"/?token={token}&q=lid")
    assert answer.headers["location"] == "/?q=lid"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "", "[::1]:8000"])
def test_another_name_for_this_machine_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 403
    assert client.get("/static/view.js", headers={"host": host}).status_code == 403


def test_every_answer_carries_the_policy(client: TestClient) -> None:
    for address in ("/", "/static/view.css", "/nothing", "/trace/nothing"):
        headers = client.get(address).headers
        assert {name: headers[name] for name in HEADERS} == HEADERS
    refused = stranger(client).get("/")
    assert refused.headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in HEADERS["content-security-policy"]


def test_a_form_without_its_token_or_from_elsewhere_changes_nothing(client: TestClient) -> None:
    fields = {"key": trace("wavering", "").id, "marked": "yes"}
    token = {"form": form(client)}
    assert client.post("/mark", data=fields | token).status_code == 403, "no origin"
    assert client.post("/mark", data=fields | token, headers={"origin": "http://evil.example"}).status_code == 403
    assert client.post("/mark", data=fields | token, headers={"origin": "null"}).status_code == 403
    assert client.post("/mark", data=fields, headers=OWN).status_code == 403
    assert client.post("/mark", data=fields | {"form": "guess"}, headers=OWN).status_code == 403
    assert client.post("/mark", json=fields | token, headers=OWN).status_code == 415
    assert client.get("/mark", params=fields | token).status_code == 405
    assert client.app.state.opened.marks.keys() == []  # type: ignore[attr-defined]
    assert client.post("/mark", data=fields | token, headers=OWN).status_code == 303
    assert client.app.state.opened.marks.keys() == [fields["key"]]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "back", ["http://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_a_form_never_leads_to_another_site(client: TestClient, back: str) -> None:
    fields = {"show": "yes", "back": back, "form": form(client)}
    assert client.post("/reveal", data=fields, headers=OWN).headers["location"] == "/"


def test_a_form_that_is_too_large_is_refused(client: TestClient) -> None:
    fields = {"key": "x" * (1 << 21), "form": form(client)}
    assert client.post("/mark", data=fields, headers=OWN).status_code == 413


def test_what_was_revealed_in_one_session_is_blurred_in_the_next(client: TestClient) -> None:
    assert 'class="revealed"' not in client.get("/").text
    client.post("/reveal", data={"show": "yes", "form": form(client)}, headers=OWN)
    assert 'class="revealed"' in client.get("/").text
    again = TestClient(build(client.app.state.opened, Session()), base_url=HERE)  # type: ignore[attr-defined]
    again.cookies = client.cookies
    session = again.app.state.session  # type: ignore[attr-defined]
    assert 'class="revealed"' not in again.get(f"/?token={session.token}").text


def test_marks_stand_in_the_run_and_only_for_traces_there_are(client: TestClient) -> None:
    marks: Marks = client.app.state.opened.marks  # type: ignore[attr-defined]
    key = trace("wavering", "").id
    for fields, status in (({"key": key, "marked": "yes"}, 303), ({"key": "../../x", "marked": "yes"}, 404)):
        answer = client.post("/mark", data={**fields, "form": form(client)}, headers=OWN)
        assert answer.status_code == status
    assert read_json(marks.path)["marked"] == [key]
    assert marks.path.parent.name == "tiny"
    assert client.get("/?marked=yes").text.count('class="line"') == 1
    client.post("/mark", data={"key": key, "marked": "no", "form": form(client)}, headers=OWN)
    assert Marks(marks.path.parent).keys() == []


@pytest.mark.parametrize("text", ["{", "[]", '{"marked": 3}', '{"marked": [3]}'])
def test_a_damaged_file_of_marks_is_said_and_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "marks.json").write_text(text)
    with pytest.raises(ResoluteError):
        Marks(tmp_path)
    assert (tmp_path / "marks.json").read_text() == text


STRANGE = (
    "/?after=gone",
    "/?before=gone",
    "/?min=x&max=%00",
    "/?q=%22",
    "/?model=%F0%9F%98%80",
    "/beside?left=nobody",
    "/beside?at=gone&show=x",
    "/?sort=x&marked=x&q=NEAR(",
)


@pytest.mark.parametrize("address", STRANGE)
def test_no_address_breaks_a_page(client: TestClient, address: str) -> None:
    assert client.get(address).status_code == 200


def test_what_is_not_there_is_said(client: TestClient) -> None:
    for address in ("/trace/nothing", "/goal/nothing", "/logs/evaluate/nothing", "/nothing"):
        assert client.get(address).status_code == 404
