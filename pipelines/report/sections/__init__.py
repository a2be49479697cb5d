"""The sections of the report, one module a question; each makes a `Section`."""
