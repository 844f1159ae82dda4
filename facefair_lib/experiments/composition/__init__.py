"""Who is in the training set: small networks fitted to training sets of equal size that differ only in their people.

``plan`` draws the training sets, ``fit`` fits one network, ``run`` fits and scores them all.
"""
