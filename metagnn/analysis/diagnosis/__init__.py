"""How well do predicted fluxes keep the laws, and what do measured rates determine of them?"""
