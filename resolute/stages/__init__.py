"""Floor 3: the stages. Files in, files out; stages never call each other."""
