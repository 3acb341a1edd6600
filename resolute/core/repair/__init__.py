"""Repair: which traces, which way, and what a reply makes of a thought."""
