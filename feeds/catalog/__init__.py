"""The articles of a site, indexed in SQL and synced with its folder."""
