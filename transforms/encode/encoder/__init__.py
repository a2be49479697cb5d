"""Documents to vectors: windows, batches, the device, and the rows back in order."""
