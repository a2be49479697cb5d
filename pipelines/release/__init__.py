"""The papers of a release: each tells what the manifest holds, and what a person said."""
