"""Fitting a network to packed arrays: batches, augmentation, loss, history."""
