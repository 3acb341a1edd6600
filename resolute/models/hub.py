"""One file of a data set on the Hugging Face hub, at one commit: `hub:OWNER/NAME@COMMIT/path/in/repository.jsonl`.

A branch or a tag is refused, since what it names can change. Only the file is fetched: no script of a data set is ever
run, and nothing is converted. The client's own settings hold (HF_HOME, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE); a file
that is here already is read without asking anybody.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import NamedTuple

from resolute.core.catalogue import entries
from resolute.core.errors import ResoluteError
from resolute.core.foreign.rows import FORMATS

TIMEOUT = 10.0
"""Seconds one question to the hub may take before it counts as out of reach."""
_FORM = re.compile(r"(?P<name>[\w-][\w.-]*/[\w-][\w.-]*)(?:@(?P<revision>[^/]*))?(?:/(?P<path>.*))?", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SPELLED = "write hub:OWNER/NAME@COMMIT/path/of/the/file.jsonl"
_SHOWN = 20


class _Place(NamedTuple):
    name: str
    revision: str
    path: str


def fetched(place: str) -> Path:
    """The file at `OWNER/NAME@COMMIT/path`, on this machine.

    Without a path, the only data file the repository has at that commit. Raises `ResoluteError` for a revision that
    is no commit (saying which one it stands for now, where the hub answers), several data files and no path, a file
    that is not there, and a hub that is out of reach.
    """
    wanted = _parsed(place)
    pinned = bool(_COMMIT.fullmatch(wanted.revision))
    if pinned and wanted.path and (here := _cached(wanted)):
        return here
    commit, there = _asked(wanted)
    if not pinned:
        raise _moving(wanted, commit)
    return _download(wanted._replace(path=_chosen(wanted, there)))


def _parsed(place: str) -> _Place:
    match = _FORM.fullmatch(place)
    parts = (match["path"] or "").split("/") if match else []
    if match is None or ".." in place or "\\" in place or (match["path"] and "" in parts):
        raise ResoluteError("not a file of the hub", where=f"hub:{place}", mend=_SPELLED)
    return _Place(match["name"], match["revision"] or "", match["path"] or "")


def _cached(wanted: _Place) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(wanted.name, wanted.path, revision=wanted.revision, repo_type="dataset")
    return Path(found) if isinstance(found, str) else None


def _asked(wanted: _Place) -> tuple[str, list[str]]:
    """The commit a revision stands for, and the files it has."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError, HTTPError, OfflineModeIsEnabled, RepositoryNotFoundError

    where = f"hub:{wanted.name}"
    try:
        info = HfApi().dataset_info(wanted.name, revision=wanted.revision or None, timeout=TIMEOUT)
    except RepositoryNotFoundError as error:
        mend = "check the name; a private or gated data set needs `hf auth login`, or HF_TOKEN"
        raise ResoluteError("the hub knows no such data set", where=where, mend=mend) from error
    except HFValidationError as error:
        raise ResoluteError("not the name of a data set", where=where, mend=_SPELLED) from error
    except OfflineModeIsEnabled as error:
        raise _unreachable(
            wanted, "the hub's client is set to offline (HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE)"
        ) from error
    except (HTTPError, OSError) as error:
        raise _refused(wanted, error) from error
    return info.sha or "", [item.rfilename for item in info.siblings or []]


def _refused(wanted: _Place, error: Exception) -> ResoluteError:
    """A revision that is not there, a refusal in the hub's own words, or a hub that does not answer."""
    from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError

    if isinstance(error, RevisionNotFoundError):
        mend = "check the commit: the data set's page lists them"
        return ResoluteError(f"no revision {wanted.revision!r}", where=f"hub:{wanted.name}", mend=mend)
    if isinstance(error, HfHubHTTPError):
        said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")[:200]
        mend = "a private or gated data set needs `hf auth login`, or HF_TOKEN; else try again later"
        return ResoluteError(f"the hub refused: {said}", where=f"hub:{wanted.name}", mend=mend)
    return _unreachable(wanted, f"the hub does not answer ({type(error).__name__})")


def _unreachable(wanted: _Place, why: str) -> ResoluteError:
    known = wanted.path and _COMMIT.fullmatch(wanted.revision)
    what = f"the file is not on this machine, and {why}" if known else why
    shown = wanted.revision if _COMMIT.fullmatch(wanted.revision) else "COMMIT"
    command = f"hf download --repo-type dataset --revision {shown} {wanted.name} {wanted.path or 'PATH'}"
    mend = f"name commit and path, and fetch it once where there is a network: {command}"
    return ResoluteError(what, where=f"hub:{wanted.name}", mend=mend)


def _moving(wanted: _Place, commit: str) -> ResoluteError:
    what = f"{wanted.revision!r} is a moving name, not a commit" if wanted.revision else "no commit is named"
    path = f"/{wanted.path}" if wanted.path else ""
    now = f"write the commit it stands for now: hub:{wanted.name}@{commit}{path}" if commit else _SPELLED
    return ResoluteError(what, where=f"hub:{wanted.name}", mend=now)


def _chosen(wanted: _Place, there: list[str]) -> str:
    """The path asked for, where it is there; without one, the only file that can be read."""
    where = f"hub:{wanted.name}@{wanted.revision}"
    if wanted.path in there:
        return wanted.path
    zipped = (f"{end}.gz" for end in FORMATS if end != ".parquet")
    ends = (*FORMATS, *zipped, *(f".{name}" for name in entries("readers")))
    data = sorted(name for name in there if name.lower().endswith(ends) and not name.startswith("."))
    if wanted.path:
        near = difflib.get_close_matches(wanted.path, there, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ResoluteError(f"no file {wanted.path!r}", where=where, mend=f"{hint}it has: {_listed(data)}")
    if len(data) != 1:
        what = f"{len(data)} data files, and no path says which" if data else "no data file that can be read"
        raise ResoluteError(what, where=where, mend=f"add one to the name: {_listed(data or sorted(there))}")
    return data[0]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (", ".join(names[:_SHOWN]) or "nothing") + more


def _download(wanted: _Place) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HTTPError

    try:
        path = hf_hub_download(
            wanted.name, wanted.path, revision=wanted.revision, repo_type="dataset", etag_timeout=TIMEOUT
        )
    except (HTTPError, OSError, ValueError) as error:
        raise _refused(wanted, error) from error
    return Path(path)
