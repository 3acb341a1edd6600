"""One process of a training on several: `python -m resolute.models.training.worker SPEC`, by accelerate.

Every process reads the same rows and calls the same `fit`; the first one tells how far it is on its standard output.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

from resolute.core.errors import ResoluteError
from resolute.core.files import read_json, write_json
from resolute.core.settings import Train
from resolute.models.training.launch import HELD_OUT, RESULT, ROWS, SAID
from resolute.models.training.scope import read_rows


def main() -> int:
    """Exit code 0, or 1 after telling a `ResoluteError`."""
    spec = Path(sys.argv[1])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    first = os.environ.get("RANK", "0") == "0"
    try:
        from resolute.models.render import Renderer
        from resolute.models.training.tune import fit

        wanted = read_json(spec)
        place, folder = spec.parent, Path(wanted["folder"])
        fitted = fit(
            Train.model_validate(wanted["settings"]),
            folder,
            Renderer.load(folder),
            read_rows(place / ROWS),
            place.parent,
            _say if first else _keep_quiet,
            held_out=read_rows(place / HELD_OUT),
        )
    except ResoluteError as error:
        _tell({"error": {"what": error.what, "where": error.where, "mend": error.mend}})
        return 1
    if first:
        write_json(place / RESULT, {"losses": fitted.losses, "held_out": fitted.held_out, "resumed": fitted.resumed})
    return 0


def _end_with_parent() -> None:
    """Nothing is ever written to our input: when it closes, who started us is gone or wants us gone."""
    while os.read(0, 1024):
        pass
    os._exit(1)


def _say(what: str, done: int, total: int, /, note: str = "") -> None:
    _tell({"what": what, "done": done, "total": total, "note": note})


def _keep_quiet(what: str, done: int, total: int, /, note: str = "") -> None:
    return


def _tell(said: dict[str, object]) -> None:
    # One write a line, so that lines of several processes never mix.
    os.write(1, (SAID + json.dumps(said) + "\n").encode())


if __name__ == "__main__":
    sys.exit(main())
