"""What every study shares: experiments, samples, runs, scores and timed comparisons."""

from metagnn.studies.harness.measured_rates import draw_task as draw_task
from metagnn.studies.harness.samples import SampleStore as SampleStore
from metagnn.studies.harness.scores import score_unseen as score_unseen
from metagnn.studies.harness.scores import spread as spread
