"""Pages from templates: the report's one environment, which escapes everything, with the explorer's templates."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader
from starlette.requests import Request
from starlette.responses import HTMLResponse

from resolute.stages.pages.write import environment
from resolute.view.session import Session

REVEAL = "resolute-reveal"
"""Cookie that says harmful text is shown; gone when the browser closes."""


@cache
def templates() -> Environment:
    """Every value is text: escaped, and freed of control and bidi characters."""
    return environment().overlay(loader=PackageLoader("resolute.view", "templates"))


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A template as the answer. Beside `values` it knows `opened` (what is looked at), `form` (the token that a form
    must carry), `here` (the address of the page) and `revealed`."""
    session: Session = request.app.state.session
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    common = {
        "opened": request.app.state.opened,
        "form": session.form,
        "here": here,
        "revealed": request.cookies.get(REVEAL) == session.form[:8],
    }
    return HTMLResponse(templates().get_template(template).render({**common, **values}), status)
