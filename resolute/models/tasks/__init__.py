"""Inspect tasks: ours for `inspect eval resolute/...`, anybody's for `resolute evaluate --task ...`."""
