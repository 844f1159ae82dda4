"""From any published layout to one manifest, and from the manifest to packed arrays."""
