"""Which architecture: networks fitted in the same way to the same pictures, then scored on the same people.

``plan`` lists and checks them, ``run`` fits and scores them, ``cost`` measures the cost of labelling a picture,
``fitted`` reads the results.
"""
