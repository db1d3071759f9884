"""Measurements of the product against the twin: ratios as JSON and as a table; nothing fails for being slow."""
