"""The compiled inner loops of scoring; only `scoring` calls them."""

__all__ = ["compile", "dense", "encoder", "rescale", "tree_shapley", "trees"]
