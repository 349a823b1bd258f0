"""Functions from text to text. Pure, and the same on every machine."""
