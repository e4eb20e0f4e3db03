"""What every study shares: experiments, samples, runs, scores and timed comparisons."""
