"""What an encoder looks at, and which tokens a number of a document hangs on.

All of it describes what the model computes; none of it says why a text is as it is.
"""
