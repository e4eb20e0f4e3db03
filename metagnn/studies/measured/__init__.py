"""Measured data, and cells that are known not to be optimal: metagnn beside simple rivals, with intervals."""
