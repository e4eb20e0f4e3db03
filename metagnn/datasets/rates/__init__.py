"""Read tables of measured rates: units, names, signs, chemostats and time series."""

from metagnn.datasets.rates.exchange_names import ExchangeNames as ExchangeNames
from metagnn.datasets.rates.exchange_names import present_exchanges as present_exchanges
from metagnn.datasets.rates.rate_reader import RateReader as RateReader
from metagnn.datasets.rates.rate_reader import read_rates as read_rates
from metagnn.datasets.rates.rate_table import RateColumn as RateColumn
from metagnn.datasets.rates.rate_table import RateTable as RateTable
from metagnn.datasets.rates.sentinel import Sentinel as Sentinel
from metagnn.datasets.rates.sentinels import without_sentinels as without_sentinels
from metagnn.datasets.rates.unit_map import read_unit_map as read_unit_map
