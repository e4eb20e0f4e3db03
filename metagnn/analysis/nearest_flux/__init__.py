"""Which feasible flux is nearest to measured rates, or to the wild type?"""
