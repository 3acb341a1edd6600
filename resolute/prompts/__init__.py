"""Floor 2: prompt sources. Each gives `Prompt` records from a file of the data folder or the hub."""

PROMPTS: dict[str, str] = {}
"""Name -> loader of a `Callable[[], list[Prompt]]`."""
