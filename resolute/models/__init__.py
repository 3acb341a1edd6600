"""Floor 1: models. `render` (training and sampling share it), the local provider, the engine (prompts to outcomes)."""

MODELS: dict[str, str] = {}
"""Names of models that are neither a folder, a hub name nor an Inspect model; plug-ins add theirs."""

READERS: dict[str, str] = {"eval": "resolute.models.inspect_logs:rows"}
"""Ending of a file that `core.foreign.rows` cannot read -> what gives its rows: a `Callable[[Path], list[Row]]`."""
REMOTES: dict[str, str] = {"hub": "resolute.models.hub:fetched"}
"""Prefix of a file that lies elsewhere -> what brings it here: a `Callable[[str], Path]` (`core.foreign.remote`)."""
