"""Labels by people: blind sheets, the forms they fill in, and labels read back."""
