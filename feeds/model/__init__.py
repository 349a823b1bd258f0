"""Frozen values: the site, its articles and topics, feeds, and the documents made from them."""
