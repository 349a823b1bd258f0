"""Functions from text to text: pure, and the same on every machine."""
