"""Autoencoder of an applicant's latest credit products, read in order.

Codes are categories, so every code of every column has its own embedding; the embeddings of a product are added up, as
in a bag of words, and a gated recurrent unit (Cho et al. 2014) reads the products from the oldest to the newest. The
decoder has to name the codes of the products (cross-entropy), with some codes hidden from the encoder (denoising;
Vincent et al. 2008). The first number of the latent code also learns the log-odds of default.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from models_ml.contract import PADDING, FeatureContract

ENCODE_ROWS = 2048
"""Applicants encoded at a time, which bounds memory."""


@dataclass(frozen=True)
class AutoencoderSettings:
    """Shape of the autoencoder.

    Attributes:
        n_latent: Length of the latent code.
        n_product: Length of the vector of one product.
        n_state: Length of the state after each product.
        n_hidden: Width of the layer between the states and the latent code.
    """

    n_latent: int = 48
    n_product: int = 48
    n_state: int = 48
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
    """Take the existing products out of padded feature rows.

    Args:
        recent: Code positions, uint8 of shape (N, n_recent, n_columns), 255 = no product.
        contract: Places each column's codes in the common vocabulary.
    """
    exists = recent[:, :, 0] != PADDING
    return Products(
        codes=torch.from_numpy(recent[exists].astype(np.int64) + contract.code_offsets),
        counts=torch.from_numpy(exists.sum(axis=1)),
    )


class ProductAutoencoder(nn.Module):
    """Encodes the latest products of an applicant.

    Shape:
        - input: `Products` of N applicants
        - output of ``encode``: latent code, float32 of shape (N, n_latent); number 0 is trained to be the log-odds of
          default, all of them to rebuild the products
        - output of ``decode``: logits over the vocabulary, float32 of shape (n_chosen, vocabulary_size)

    Example:
        >>> import torch
        >>> model = ProductAutoencoder(20, n_recent=3, settings=AutoencoderSettings(n_latent=4))
        >>> two = Products(torch.zeros((3, 5), dtype=torch.long), counts=torch.tensor([1, 2]))
        >>> model.encode(two).shape
        torch.Size([2, 4])
    """

    def __init__(self, vocabulary_size: int, n_recent: int, settings: AutoencoderSettings) -> None:
        super().__init__()
        n_state = settings.n_state
        self.n_recent = n_recent
        self.codes = nn.EmbeddingBag(vocabulary_size, settings.n_product, mode="sum")
        self.product_bias = nn.Parameter(torch.zeros(settings.n_product))
        self.product = nn.Linear(settings.n_product, n_state)
        self.sequence = nn.GRU(n_state, n_state, batch_first=True)
        self.hidden = nn.Linear(3 * n_state, settings.n_hidden, bias=False)
        self.depth = nn.Embedding(n_recent + 1, settings.n_hidden)
        self.latent = nn.Linear(settings.n_hidden, settings.n_latent)
        self.bag = nn.Linear(settings.n_product, settings.n_latent, bias=False)
        self.unlatent = nn.Linear(settings.n_latent, settings.n_hidden)
        self.unhidden = nn.Linear(settings.n_hidden, n_recent * settings.n_product)
        self.code_bias = nn.Parameter(torch.zeros(vocabulary_size))

    def initialise(self, generator: torch.Generator) -> None:
        """Draw the first weights from one generator, so that trainings in several threads do not share a stream."""
        for name, parameter in self.named_parameters():
            if name in ("codes.weight", "depth.weight"):
                nn.init.normal_(parameter, std=0.1, generator=generator)
            elif parameter.dim() == 2:
                nn.init.xavier_uniform_(parameter, generator=generator)
            else:
                nn.init.zeros_(parameter)

    def encode(self, products: Products, keep: Tensor | None = None) -> Tensor:
        """Latent code of each applicant.

        Args:
            products: Products of N applicants.
            keep: Dropout mask for the pooled states, float32 of shape (N, 3 * n_state); only in training.
        """
        sums = self.codes(products.codes) + self.product_bias
        vectors = torch.relu(self.product(torch.relu(sums)))
        counts = products.counts
        steps = torch.arange(self.n_recent)
        exists = steps < counts[:, None]
        # Newest first within an applicant becomes oldest first: what comes last weighs most.
        owner, newest_first = torch.nonzero(exists, as_tuple=True)
        inputs = vectors.new_zeros((len(counts), self.n_recent, vectors.shape[1]))
        inputs[owner, counts[owner] - 1 - newest_first] = vectors
        states, _ = self.sequence(inputs)
        states = states * exists[:, :, None]
        last = (counts - 1).clamp(min=0)[:, None, None].expand(-1, 1, states.shape[2])
        pooled = torch.cat(
            [
                states.sum(dim=1) / counts.clamp(min=1)[:, None],
                torch.relu(states).amax(dim=1),
                states.gather(1, last)[:, 0],
            ],
            dim=1,
        )
        if keep is not None:
            pooled = pooled * keep
        hidden = torch.relu(self.hidden(pooled) + self.depth(counts))
        # A straight way for what simply adds up over codes; the root keeps short and long histories on one scale.
        bag = sums.new_zeros((len(counts), sums.shape[1])).index_add(0, owner, sums)
        bag = bag / counts.clamp(min=1).sqrt()[:, None]
        latent: Tensor = self.latent(hidden) + self.bag(bag)
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
