"""The exercises, one module per lesson: each holds ``EXERCISES``, name -> exercise."""
