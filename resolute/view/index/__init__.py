"""A run's traces, verdicts and findings in one SQLite file, made once, so that filters and searches are quick."""
