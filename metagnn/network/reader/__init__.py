"""Reading models: a reader for each format, one draft, and one assembly that notes what was made up or lost."""
