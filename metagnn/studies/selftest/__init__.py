"""The promises of the library, tried on the machine of the user."""
