"""The explorer: a page on this machine where people read traces, filter them, compare models and label."""
