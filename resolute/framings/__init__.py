"""Framings: the ways a goal is wrapped before it is asked, one text file each (read by `core.framing`).

Each is a known, published class of framing in plain words of our own, and says what it probes. They are mild:
none was tuned for strength, and all are shown and tested around benign goals only.
"""
