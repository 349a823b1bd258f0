"""Text to model values, with problems by line."""
