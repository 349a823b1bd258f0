"""A site as documents at published paths."""
