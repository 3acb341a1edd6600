"""What our tasks are called in Inspect."""

from __future__ import annotations

import re
from typing import cast

from resolute.core.catalogue import entries, find
from resolute.core.errors import ResoluteError
from resolute.core.parts import Suite


def names() -> dict[str, str]:
    """`suite_task`, as `inspect eval resolute/suite_task` has it -> `suite/task`, of our suites and plug-ins' ones."""
    found: dict[str, str] = {}
    for suite in entries("suites"):
        for task in cast("Suite", find("suites", suite)).tasks:
            label = f"{suite}/{task.name}"
            name = re.sub(r"[^a-z0-9]+", "_", label.lower())
            if name in found:
                raise ResoluteError(f"two tasks would be called {name}", where=label, mend="rename one in its suite")
            found[name] = label
    return found
