"""The live app: HTTP only."""
