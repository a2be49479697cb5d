"""What any pass needs: passes, units, commits, the runner, files of a run."""
