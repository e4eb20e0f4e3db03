"""Colours that colour-blind readers can distinguish, also when printed in grey."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Blue, vermilion, green, purple, orange, sky blue, black (Okabe and Ito 2008, "Color universal design"), without
yellow, which is too pale for a line on white."""

GREY = "#B0B0B0"
"""Background elements: identity lines, ranges, sums of terms."""
