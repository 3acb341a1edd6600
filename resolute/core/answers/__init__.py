"""Final answers of problems and programs, and whether two of them are the same."""
