"""What is kept on disk: results written whole or not at all, what made them, and what must be made again."""
