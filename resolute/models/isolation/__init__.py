"""Code that models wrote, behind walls."""
