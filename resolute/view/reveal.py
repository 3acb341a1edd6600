"""Harmful text is blurred until somebody asks for it; what they asked holds until the browser closes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from resolute.view.pages import REVEAL
from resolute.view.session import back, posted


async def reveal(request: Request) -> Response:
    """`POST /reveal`: `show` as yes or no."""
    fields = await posted(request)
    answer = RedirectResponse(back(request, fields), 303)
    if fields.get("show") == "yes":
        answer.set_cookie(REVEAL, request.app.state.session.form[:8], httponly=True, samesite="strict")
    else:
        answer.delete_cookie(REVEAL)
    return answer


ROUTES = [Route("/reveal", reveal, methods=["POST"])]
