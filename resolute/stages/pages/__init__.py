"""What the report is made of: reading a study, measuring, testing, drawing, and writing the pages."""
