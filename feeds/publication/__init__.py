"""What a site publishes at which path."""
