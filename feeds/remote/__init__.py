"""Requests to other servers: file sizes, and announcements to a WebSub hub."""
