"""The encode pass: cleaned shard -> token ids -> vectors, and the files of both."""
