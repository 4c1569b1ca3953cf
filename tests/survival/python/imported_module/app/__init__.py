"""The demo's own package."""
