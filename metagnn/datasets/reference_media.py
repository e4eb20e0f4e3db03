"""Ranges of media from published experiments."""

E_COLI_CORE_RANGES: dict[str, tuple[float, float]] = {
    "EX_glc__D_e": (0.0, 10.0),
    "EX_gln__L_e": (0.0, 10.0),
    "EX_glu__L_e": (0.0, 10.0),
    "EX_lac__D_e": (0.0, 10.0),
    "EX_o2_e": (0.0, 20.0),
}
"""Ranges of the largest uptakes of e_coli_core [mmol/gDW/h]; substrates of Kusters, "Metabolically constrained neural
networks for bioprocess optimization"."""

IJO1366_RANGES: dict[str, tuple[float, float]] = {
    "EX_glc__D_e": (0.0, 10.0),
    "EX_fru_e": (0.0, 10.0),
    "EX_xyl__D_e": (0.0, 10.0),
    "EX_glyc_e": (0.0, 10.0),
    "EX_ac_e": (0.0, 10.0),
    "EX_succ_e": (0.0, 10.0),
    "EX_lac__D_e": (0.0, 10.0),
    "EX_pyr_e": (0.0, 10.0),
    "EX_mal__L_e": (0.0, 10.0),
    "EX_fum_e": (0.0, 10.0),
    "EX_akg_e": (0.0, 10.0),
    "EX_ala__L_e": (0.0, 10.0),
    "EX_glu__L_e": (0.0, 10.0),
    "EX_gln__L_e": (0.0, 10.0),
    "EX_nh4_e": (0.0, 20.0),
    "EX_o2_e": (0.0, 20.0),
}
"""Ranges of the largest uptakes of iJO1366 [mmol/gDW/h]: sugars, acids and amino acids. Oxygen limits growth in some
media and ammonium in others; every medium allows growth, and growth is not a linear function of the uptakes."""
