"""Graph networks on metabolic models that obey the laws of matter."""
