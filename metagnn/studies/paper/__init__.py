"""The experiments of `metagnn reproduce`, one file each."""
