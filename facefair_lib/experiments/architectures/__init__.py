"""Which architecture: networks fitted alike to the same pictures, then scored on the same people and measured alike.

``plan`` lists and checks them, ``run`` fits and scores them, ``cost`` measures what labelling a picture costs,
``fitted`` reads what they left.
"""
