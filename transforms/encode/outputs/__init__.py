"""Token ids and vectors as the columns and files that training and search read."""
