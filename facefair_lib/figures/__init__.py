"""The figures of the report: tables and pictures in, matplotlib figures out; ``InputError`` if they do not fit."""
