"""Free notes: whether somebody who reads a trace agrees with a verdict. They help to remember and correct no rate.

Rows that a reader came across by filters are no sample, and the verdict was in sight: `judge calibrate` reads labelled
sheets only, and nothing reads this file but the explorer.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json
from resolute.view.keeping import keep
from resolute.view.session import back, posted

NAME = "notes.json"
WORDS = ("agree", "disagree")
_LOCK = threading.Lock()


class Notes:
    """Notes of a run, by trace and verdict: ids and one of two words, saved at once."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME

    def all(self) -> dict[str, dict[str, str]]:
        """Key of a trace -> id of a verdict -> word."""
        if not self.path.is_file():
            return {}
        held: Any = read_json(self.path)
        noted: Any = cast("dict[str, Any]", held).get("notes") if isinstance(held, dict) else None
        if not isinstance(noted, dict) or not all(isinstance(one, dict) for one in cast("Any", noted).values()):
            mend = "repair it, or delete it to start without notes"
            raise ResoluteError("not a file of notes", where=str(self.path), mend=mend)
        return cast("dict[str, dict[str, str]]", noted)

    def set(self, trace: str, verdict: str, word: str) -> None:
        """Note what somebody thinks of a verdict; an empty word takes the note away."""
        with _LOCK:
            noted = self.all()
            own = {name: old for name, old in noted.get(trace, {}).items() if name != verdict}
            noted[trace] = own | ({verdict: word} if word else {})
            keep(self.path, {"schema": 1, "notes": {name: said for name, said in noted.items() if said}})


async def note(request: Request) -> Response:
    """`POST /note`: `key` of a trace, `verdict` and `word`; the word that stands already takes the note away."""
    fields = await posted(request)
    opened = request.app.state.opened
    seen = opened.index.by_key(fields.get("key", ""))
    verdict, word = fields.get("verdict", ""), fields.get("word", "")
    if seen is None or word not in WORDS or verdict not in {one.id for _, one in opened.index.about(seen.n).verdicts}:
        return Response("no such verdict", 404)
    held = opened.notes.all().get(seen.key, {}).get(verdict, "")
    opened.notes.set(seen.key, verdict, "" if held == word else word)
    return RedirectResponse(back(request, fields), 303)


ROUTES = [Route("/note", note, methods=["POST"])]
