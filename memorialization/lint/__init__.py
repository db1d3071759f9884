"""Rules over a configuration's files: each with a code, and a finding that names file, line, value, why and cure."""
