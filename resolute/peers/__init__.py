"""Other people's trainers: what their own code would learn of a row, and rows handed over so that nothing is lost.

One file a trainer, each with what it reads of that trainer's settings. None of them trains.
"""
