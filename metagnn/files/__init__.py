"""Read and write tables and tensors; check where results can be written."""
