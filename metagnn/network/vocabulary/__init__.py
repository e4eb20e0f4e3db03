"""The names of substances: one table of compounds, and the exchanges of a network that carry them."""
