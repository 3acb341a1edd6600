"""Floor 4: studies, recipes run row by row and seed by seed by two long-lived workers."""
