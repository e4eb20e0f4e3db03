"""The promises of the library, tried on the machine of the user."""

from metagnn.studies.selftest.run import run_selftest as run_selftest
