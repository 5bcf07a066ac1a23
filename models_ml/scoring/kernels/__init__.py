"""The compiled inner loops of scoring; only `scoring` calls them.

The tuples they read are declared beside them: machine code relies on the order of fields, and the cache in `compile`
has a folder for each state of these sources.
"""

__all__ = ["compile", "dense", "encoder", "rescale", "tree_shapley", "trees"]
