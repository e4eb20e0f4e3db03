"""What is biomass made of, by the data?"""
