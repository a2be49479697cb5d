"""The papers of a release: what the manifest holds, and what a person said."""
