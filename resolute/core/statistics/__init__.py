"""Paired tests, effects, agreement, two phases, nested means, power. Arrays and counts in, intervals out."""
