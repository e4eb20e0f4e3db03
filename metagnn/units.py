"""Units of every quantity, written once."""

FLUX = "mmol/gDW/h"
GROWTH = "1/h"
COMPOSITION = "mmol/gDW"
