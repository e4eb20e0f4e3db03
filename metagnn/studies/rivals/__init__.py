"""Who is compared: metagnn's models, feed-forward networks, regressions and classical estimators."""
