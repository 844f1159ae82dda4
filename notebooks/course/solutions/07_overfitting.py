"""Solutions of lesson 7."""

import numpy as np


def early_stop(losses, patience):
    """Epoch whose weights are kept."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            break
    return best


def mirror(image, mask):
    """Picture and mask with left and right exchanged: (H, W, 3), (H, W) -> both."""
    return image[:, ::-1], mask[:, ::-1]


def honest_score(validation, test):
    """Test score at the epoch that may be chosen: (E,), (E,) -> one number."""
    return test[np.argmax(validation)]
