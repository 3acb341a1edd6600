"""Instruments that ask a model - judges, guards, auditors, repairers, stop signals - on a server or in this process."""
