"""The one error a user sees: what went wrong, where, and how to mend it."""

from __future__ import annotations


class ResoluteError(Exception):
    """A fault the user can mend.

    `what` says what is wrong, `where` names the file, line, row or setting, `mend` says what to do.
    Only the command line prints it; a bug in Resolute raises an ordinary exception instead.
    """

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        mend = f"\n  mend: {self.mend}" if self.mend else ""
        return f"{self.what}{where}{mend}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.where, self.mend)


def _rebuild(kind: type[ResoluteError], what: str, where: str, mend: str) -> ResoluteError:
    """Errors cross process borders: workers raise them, the parent prints them."""
    return kind(what, where=where, mend=mend)
