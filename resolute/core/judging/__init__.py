"""What instruments that ask a model do alike: what is shown, how it is made harmless, how words become verdicts."""
