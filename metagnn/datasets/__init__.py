"""Media, labels, noise, splits, tables and batches of samples."""

from metagnn.datasets.extrapolation import Split as Split
from metagnn.datasets.extrapolation import split_media as split_media
from metagnn.datasets.flux_batch import FluxBatch as FluxBatch
from metagnn.datasets.flux_batch import FluxDataset as FluxDataset
from metagnn.datasets.knockouts import random_knockouts as random_knockouts
from metagnn.datasets.label_file import simulate_to_file as simulate_to_file
from metagnn.datasets.media import factorial_media as factorial_media
from metagnn.datasets.media import latin_hypercube_media as latin_hypercube_media
from metagnn.datasets.media import sparse_media as sparse_media
from metagnn.datasets.media import uniform_media as uniform_media
from metagnn.datasets.noise import add_white_noise as add_white_noise
from metagnn.datasets.splits import random_split as random_split
from metagnn.datasets.splits import range_split as range_split
from metagnn.datasets.targets import Targets as Targets
from metagnn.datasets.targets import read_targets as read_targets
from metagnn.files.output import check_output as check_output
from metagnn.files.table_reader import describe_table as describe_table
from metagnn.files.table_reader import read_table as read_table
from metagnn.files.table_writer import write_table as write_table
