"""Who is in the training set: small networks fitted to training sets of equal size that differ in their people only.

``plan`` deals pictures out, ``fit`` fits one network, ``run`` fits them all and keeps what they score.
"""
