"""From accepted traces to a training set: mixtures, draws, matched arms, overlap with held-out goals, the data card."""
