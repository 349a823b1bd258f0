"""Text to model, with the problems found on the way, each with its line."""
