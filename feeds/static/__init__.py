"""A publication as a tree of files for static hosting."""
