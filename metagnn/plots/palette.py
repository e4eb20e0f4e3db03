"""Colours that colour-blind readers can tell apart, and that print in grey."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Blue, vermilion, green, purple, orange, sky blue, black (Okabe and Ito 2008, "Color universal design"). Yellow,
their eighth, is left out: it is too pale for a line on white."""

GREY = "#B0B0B0"
"""What stands behind the data: identity lines, ranges, the sum of the terms."""
