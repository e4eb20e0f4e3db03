"""Ranges of media that published experiments varied."""

E_COLI_CORE_RANGES: dict[str, tuple[float, float]] = {
    "EX_glc__D_e": (0.0, 10.0),
    "EX_gln__L_e": (0.0, 10.0),
    "EX_glu__L_e": (0.0, 10.0),
    "EX_lac__D_e": (0.0, 10.0),
    "EX_o2_e": (0.0, 20.0),
}
"""Largest uptakes of e_coli_core, from and to [mmol/gDW/h]; the substrates of Kusters, "Metabolically constrained
neural networks for bioprocess optimization"."""
