"""Forward passes: token ids of a batch to hidden states, and these to vectors.

All but `load` and `architecture` need torch; what is run is run in its inference mode.
"""
