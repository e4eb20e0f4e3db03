"""Read models: a reader per format, one draft, and one assembly that notes what it assumed or lost."""
