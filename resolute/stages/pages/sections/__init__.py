"""Parts of a report that are plain tables, each made from the study and its measures alone."""
