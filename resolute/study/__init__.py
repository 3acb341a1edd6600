"""Floor 4: studies. `graph` turns a recipe into a graph of jobs, `execute` runs it on two workers, `run` does both."""
