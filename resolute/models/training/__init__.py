"""Training: the mask audit before it, the run itself on one process or many, and what is saved of it."""
