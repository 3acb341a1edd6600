"""Other people's files: rows in any layout, columns found by name, conversations and outputs taken apart."""
