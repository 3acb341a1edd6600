"""Marks: traces somebody wants to find again, kept in the run's folder. They are bookmarks and feed nothing."""

from __future__ import annotations

import threading
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json
from resolute.view.keeping import keep
from resolute.view.session import back, posted

NAME = "marks.json"


class Marks:
    """The marked traces of a run, by their keys; every change is saved at once."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._lock = threading.Lock()
        self.keys()  # a damaged file is said before the first page

    def keys(self) -> list[str]:
        """In the order they were marked."""
        if not self.path.is_file():
            return []
        held = read_json(self.path)
        marked = held.get("marked") if isinstance(held, dict) else None
        if not isinstance(marked, list) or not all(isinstance(one, str) for one in marked):
            mend = "repair it, or delete it to start without marks"
            raise ResoluteError("not a file of marks", where=str(self.path), mend=mend)
        return list(dict.fromkeys(marked))

    def set(self, key: str, *, marked: bool) -> None:
        """Mark a trace, or take its mark away."""
        with self._lock:
            rest = [one for one in self.keys() if one != key]
            keep(self.path, {"schema": 1, "marked": [*rest, key] if marked else rest})


async def mark(request: Request) -> Response:
    """`POST /mark`: `key`, and `marked` as yes or no."""
    fields = await posted(request)
    opened = request.app.state.opened
    if opened.index.by_key(fields.get("key", "")) is None:
        return Response("no such trace", 404)
    opened.marks.set(fields["key"], marked=fields.get("marked") == "yes")
    return RedirectResponse(back(request, fields), 303)


ROUTES = [Route("/mark", mark, methods=["POST"])]
