"""The report: built as data, then shown as JSON, HTML and on the terminal."""
