"""Speed and accuracy, measured side by side: metagnn and its rivals on the same data."""
