"""Autoencoder of an applicant's latest credit products, whose order matters.

Codes are categories, so every code of every column has its own embedding; the embeddings of a product are added up, as
in a bag of words. Two paths lead from there to the latent code: a linear one for effects that simply add up over codes,
and one through a layer per product for interactions of the codes of one product, pooled with weights learnt for each
place, newest first, and each number of products. The decoder predicts the codes of the products (cross-entropy), with
some codes hidden from the encoder (denoising; Vincent et al. 2008). The first two numbers of the latent code also learn
the log-odds of default and how these change with application time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from models_ml.features.contract import PADDING, FeatureContract

ENCODE_ROWS = 2048
"""Applicants encoded at a time; bounds memory."""

FIRST_MEMORY = 3.0
"""Initially, the weights of half of the sums fall to 1/e over this many products; those of the other half are equal."""


@dataclass(frozen=True)
class AutoencoderSettings:
    """Shape of the autoencoder.

    Attributes:
        n_latent: Length of the latent code.
        n_product: Length of the vector of one product.
        n_state: Width of the layer that reads each product.
        n_hidden: Width of the layer between that and the latent code.
    """

    n_latent: int = 48
    n_product: int = 48
    n_state: int = 128
    n_hidden: int = 96


@dataclass(frozen=True)
class Products:
    """The existing products of N applicants, without padding.

    Attributes:
        codes: Vocabulary positions, int64 of shape (n_products, n_columns), applicant by applicant, newest first.
        counts: Products of each applicant, 0 to n_recent, int64 of shape (N,).
    """

    codes: Tensor
    counts: Tensor


def products_of(recent: np.ndarray, contract: FeatureContract) -> Products:
    """Extract the existing products from padded feature rows.

    Args:
        recent: Code positions, uint8 of shape (N, n_recent, n_columns), 255 = no product.
        contract: Places each column's codes in the common vocabulary.
    """
    exists = recent[:, :, 0] != PADDING
    return Products(
        codes=torch.from_numpy(recent[exists].astype(np.int64) + contract.code_offsets),
        counts=torch.from_numpy(exists.sum(axis=1)),
    )


class PlacePool(nn.Module):
    """Sum over an applicant's products with a weight for each place and each number of products.

    Shape:
        - values: float32 of shape (n_products, width), applicant by applicant
        - output: float32 of shape (N, width)

    Example:
        >>> pool = PlacePool(n_recent=3, width=2)
        >>> pool(torch.ones(3, 2), torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1]), torch.tensor([1, 2])).shape
        torch.Size([2, 2])
    """

    def __init__(self, n_recent: int, width: int) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.empty(n_recent, width))
        self.scale = nn.Parameter(torch.empty(n_recent + 1, width))
        self.initialise()

    def initialise(self) -> None:
        """Every other sum discounts older products; the root keeps short and long histories on one scale."""
        n_recent, width = self.place.shape
        places, counts = torch.arange(n_recent)[:, None], torch.arange(n_recent + 1)[:, None]
        forgets = torch.arange(width) % 2 == 1
        with torch.no_grad():
            self.place.copy_(torch.where(forgets, torch.exp(-places / FIRST_MEMORY), 1.0))
            self.scale.copy_((1 / counts.clamp(min=1).sqrt()).expand(-1, width))

    def forward(
        self, values: Tensor, owner: Tensor, newest_first: Tensor, counts: Tensor
    ) -> Tensor:
        """Pool the products.

        Args:
            values: What is summed.
            owner: Row of the applicant of each product, int64 of shape (n_products,).
            newest_first: Place of each product, 0 = the applicant's newest, same shape.
            counts: Products of each applicant, int64 of shape (N,).
        """
        sums = values.new_zeros((len(counts), values.shape[1]))
        return sums.index_add(0, owner, values * self.place[newest_first]) * self.scale[counts]


class ProductAutoencoder(nn.Module):
    """Encodes the latest products of an applicant.

    Shape:
        - input: `Products` of N applicants
        - output of ``encode``: latent code, float32 of shape (N, n_latent); numbers `LOG_ODDS` and `LOG_ODDS_CHANGE`
          are trained on defaults, all of them to reconstruct the products
        - output of ``decode``: logits over the vocabulary, float32 of shape (n_chosen, vocabulary_size)

    Example:
        >>> import torch
        >>> model = ProductAutoencoder(20, n_recent=3, settings=AutoencoderSettings(n_latent=4))
        >>> model.initialise(torch.Generator().manual_seed(1))
        >>> two = Products(torch.zeros((3, 5), dtype=torch.long), counts=torch.tensor([1, 2]))
        >>> model.encode(two).shape
        torch.Size([2, 4])
    """

    def __init__(self, vocabulary_size: int, n_recent: int, settings: AutoencoderSettings) -> None:
        super().__init__()
        self.n_recent = n_recent
        self.codes = nn.EmbeddingBag(vocabulary_size, settings.n_product, mode="sum")
        self.product_bias = nn.Parameter(torch.zeros(settings.n_product))
        self.straight = nn.Linear(settings.n_product, settings.n_latent, bias=False)
        self.product = nn.Linear(settings.n_product, settings.n_state)
        self.pool = PlacePool(n_recent, settings.n_state)
        self.hidden = nn.Linear(settings.n_state, settings.n_hidden, bias=False)
        self.depth = nn.Embedding(n_recent + 1, settings.n_hidden)
        self.latent = nn.Linear(settings.n_hidden, settings.n_latent)
        self.unlatent = nn.Linear(settings.n_latent, settings.n_hidden)
        self.unhidden = nn.Linear(settings.n_hidden, n_recent * settings.n_product)
        self.code_bias = nn.Parameter(torch.zeros(vocabulary_size))

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the initial weights from one generator, so that concurrent trainings do not share a random stream."""
        for name, parameter in self.named_parameters():
            if name in ("codes.weight", "depth.weight"):
                nn.init.normal_(parameter, std=0.1, generator=generator)
            elif parameter.dim() == 2:
                nn.init.xavier_uniform_(parameter, generator=generator)
            else:
                nn.init.zeros_(parameter)
        self.pool.initialise()

    def encode(self, products: Products, keep: Tensor | None = None) -> Tensor:
        """Latent code of each applicant.

        Args:
            products: Products of N applicants.
            keep: Dropout mask for the pooled products, float32 of shape (N, n_state); only in training.
        """
        sums = self.codes(products.codes) + self.product_bias
        vectors = torch.relu(self.product(torch.relu(sums)))
        counts = products.counts
        exists = torch.arange(self.n_recent) < counts[:, None]
        owner, newest_first = torch.nonzero(exists, as_tuple=True)
        pooled = self.pool(vectors, owner, newest_first, counts)
        if keep is not None:
            pooled = pooled * keep
        hidden = torch.relu(self.hidden(pooled) + self.depth(counts))
        # The root keeps short and long histories on one scale.
        bag = sums.new_zeros((len(counts), sums.shape[1])).index_add(0, owner, sums)
        bag = bag / counts.clamp(min=1).sqrt()[:, None]
        latent: Tensor = self.latent(hidden) + self.straight(bag)
        return latent

    def decode(self, latent: Tensor, owner: Tensor, newest_first: Tensor) -> Tensor:
        """Logits of every code of chosen products.

        Args:
            latent: Latent codes of shape (N, n_latent).
            owner: Row of the applicant of each chosen product, int64 of shape (n_chosen,).
            newest_first: Place of that product, 0 = the applicant's newest, same shape.
        """
        hidden = torch.relu(self.unlatent(latent))
        vectors = torch.relu(self.unhidden(hidden)).reshape(len(latent), self.n_recent, -1)
        logits: Tensor = vectors[owner, newest_first] @ self.codes.weight.T + self.code_bias
        return logits
