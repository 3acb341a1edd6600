"""Scripts for other people's environments: each imports its trainer and nothing of ours, and writes ids and labels."""
