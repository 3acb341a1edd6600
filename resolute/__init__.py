"""Resolute: safe reasoning traces in, a safer reasoning model out, with the evidence."""

__version__ = "0.1.0"
