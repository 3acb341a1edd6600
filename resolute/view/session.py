"""Who may look: only pages of this machine that hold the session's token, and nothing they load comes from elsewhere.

Another user of the machine can reach a loopback port, and any web page can send a browser there; so the address that is
printed carries a token, which becomes a cookie, every host name but our own is refused (DNS rebinding), and what
changes something must come from our own pages.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOSTS = ("127.0.0.1", "localhost")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # `no-referrer` would make the origin of our own forms null
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
STATIC = "/static/"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Session:
    """One start of the explorer."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """Opens the pages."""
    form: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """Stands in every form of ours: what changes something must bring it."""

    @property
    def cookie(self) -> str:
        """The cookie's name: cookies of two explorers on one host do not meet."""
        return f"resolute-{self.form[:8]}"


class Guard:
    """Refuses what is not ours, and puts the policy on everything that is answered."""

    def __init__(self, app: ASGIApp, session: Session) -> None:
        self._app = app
        self._session = session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        assert scope["type"] == "http", "the server is told to speak nothing else"

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        answer = self._refused(Request(scope)) or self._app
        await answer(scope, receive, sealed)

    def _refused(self, request: Request) -> ASGIApp | None:
        host = request.headers.get("host", "")
        if host.rsplit(":", 1)[0] not in HOSTS:
            return PlainTextResponse("This page is served to this machine only.", 403)
        if request.method not in ("GET", "HEAD") and not _own(request.headers, host):
            return PlainTextResponse("This does not come from a page of ours.", 403)
        if request.url.path.startswith(STATIC) or _same(
            request.cookies.get(self._session.cookie, ""), self._session.token
        ):
            return None
        if request.method == "GET" and _same(request.query_params.get("token", ""), self._session.token):
            return self._let_in(request)
        return PlainTextResponse("Open the address that the terminal printed: it carries this session's token.", 403)

    def _let_in(self, request: Request) -> RedirectResponse:
        rest = [(name, value) for name, value in request.query_params.multi_items() if name != "token"]
        answer = RedirectResponse(request.url.path + (f"?{urlencode(rest)}" if rest else ""), 303)
        answer.set_cookie(self._session.cookie, self._session.token, httponly=True, samesite="strict")
        return answer


async def posted(request: Request) -> dict[str, str]:
    """The fields of a form of ours, without its token; what does not bring the token is refused (403)."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != FORM:
        raise HTTPException(415, "a form is expected")
    fields = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    session: Session = request.app.state.session
    if not _same(fields.pop("form", ""), session.form):
        raise HTTPException(403, "the form is of another session: load the page again")
    return fields


def back(request: Request, fields: dict[str, str]) -> str:
    """Where a form wants to return to: a path of this very server, or the list."""
    wanted = fields.get("back", "/")
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/"


def _own(headers: Headers, host: str) -> bool:
    return headers.get("origin", "") == f"http://{host}"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
