"""What reports show: tables of rates, comparisons, agreement of instruments, breakdowns. Records in, figures out."""
