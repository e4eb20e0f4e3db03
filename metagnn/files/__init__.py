"""Tables in and out, tensors, and where results may be written."""
