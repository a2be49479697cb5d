"""Jobs whose results must not change with the code, and how two results compare."""
