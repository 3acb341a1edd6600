"""Floor 0: traces, records, keys, runs, settings, errors and rates. No model, no network, no torch, no Inspect."""
