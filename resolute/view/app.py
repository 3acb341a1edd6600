"""The explorer as an application: what is looked at, the routes of its screens, and the guard around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from resolute.core.errors import ResoluteError
from resolute.core.jobs import Progress
from resolute.view.index.build import index_file
from resolute.view.index.read import Index
from resolute.view.marks import Marks
from resolute.view.material import Material, gather
from resolute.view.notes import Notes
from resolute.view.pages import page
from resolute.view.session import Guard, Session

SCREENS = ("listing", "trace", "rowlist", "rows", "pairs", "logs", "marks", "notes", "reveal")
"""Modules of this package with routes, each in a list `ROUTES`."""
LARGEST_FORM = 1 << 20
"""Bytes somebody may send at once."""


@dataclass(frozen=True)
class Opened:
    """What is looked at."""

    material: Material
    index: Index
    marks: Marks
    model: str = ""
    """Rows are shown token by token as this model would be trained on them; empty: as the run trained on them."""

    @property
    def home(self) -> str:
        """The path of the page that opens first."""
        return "/rows" if self.material.as_rows or not self.index.size else "/"

    @property
    def notes(self) -> Notes:
        """What readers noted beside verdicts."""
        return Notes(self.material.home)


def opened(
    paths: Sequence[Path],
    progress: Progress,
    *,
    runs: Path = Path("runs"),
    model: str = "",
    store: Path | None = None,
) -> Opened:
    """Runs, artifacts and files of traces or rows, with their index, which is made where it does not stand yet.

    Files of traces that are opened with a model are rows as well. `store` is where the index lies, if not beside the
    artifacts.
    """
    material = gather(paths, runs)
    if model and all(source.manifest is None for source in material.sources):
        material = replace(material, as_rows=True)
    return Opened(material, Index(index_file(material, progress, store)), Marks(material.home), model)


def build(shown: Opened, session: Session | None = None) -> Starlette:
    """The application. Its `state` has `opened` and `session`; the pages open for who brings the session's token."""
    session = session or Session()
    routes: list[BaseRoute] = [
        Mount("/static", StaticFiles(directory=str(files("resolute.view") / "static"))),
        *(route for name in SCREENS for route in _routes(name)),
    ]
    made = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, session=session)],
        exception_handlers={HTTPException: _wrong, ResoluteError: _failed},
        max_body_size=LARGEST_FORM,
    )
    made.state.opened = shown
    made.state.session = session
    return made


def _routes(name: str) -> list[Route]:
    return import_module(f"resolute.view.{name}").ROUTES


async def _wrong(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return page(request, "wrong.html.j2", status=error.status_code, what=error.detail, where="", mend="")


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, ResoluteError)
    return page(request, "wrong.html.j2", status=500, what=error.what, where=error.where, mend=error.mend)
