"""Training of the autoencoder: first to reconstruct products, then to predict default as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from models_ml.features.contract import FeatureContract
from models_ml.runtime.console import Progress
from models_ml.scoring.encoder import LOG_ODDS, LOG_ODDS_CHANGE
from models_ml.training.autoencoder import (
    ENCODE_ROWS,
    AutoencoderSettings,
    ProductAutoencoder,
    Products,
    products_of,
)

Watch = Callable[[int, float], None]
"""Called with the number of an epoch and its held-out loss."""


@dataclass(frozen=True)
class EncoderTraining:
    """How the autoencoder is trained.

    Attributes:
        max_applicants: Most applicants it learns from: every defaulter and a sample of the others.
        hidden_share: Share of codes hidden from the encoder.
        reconstruction_epochs: Epochs that only reconstruct products.
        outcome_epochs: Epochs that learn from the default flag as well.
        reconstruction_weight: Weight of the reconstruction loss relative to the loss on the default flag.
        batch_rows: Applicants per gradient step.
        learning_rate: Peak rate of AdamW.
        weight_decay: Of AdamW.
        dropout: Share of the pooled states dropped.
    """

    max_applicants: int = 400_000
    hidden_share: float = 0.1
    reconstruction_epochs: int = 0
    outcome_epochs: int = 6
    reconstruction_weight: float = 0.05
    batch_rows: int = 256
    learning_rate: float = 6e-3
    weight_decay: float = 1e-2
    dropout: float = 0.2

    def n_steps(self, n_applicants: int) -> int:
        """Gradient steps of both stages."""
        epochs = self.reconstruction_epochs + self.outcome_epochs
        return epochs * -(-n_applicants // self.batch_rows)


@dataclass(frozen=True)
class EncoderRows:
    """What the autoencoder learns from.

    Attributes:
        recent: Latest products, uint8 of shape (N, n_recent, n_columns).
        defaulted: 0 or 1, uint8 of shape (N,).
        times: Application times, 1 = the end of the train slice, float32 of shape (N,).
    """

    recent: np.ndarray
    defaulted: np.ndarray
    times: np.ndarray

    def __len__(self) -> int:
        return len(self.recent)


def fit_encoder(
    rows: EncoderRows,
    held_out: EncoderRows,
    contract: FeatureContract,
    shape: AutoencoderSettings,
    training: EncoderTraining,
    seed: int,
    progress: Progress,
    watch: Watch | None = None,
) -> ProductAutoencoder:
    """Train in two stages; each keeps the epoch with the best held-out loss.

    The result depends on rows, settings and seed alone: torch runs on one thread and draws from one generator.

    Args:
        rows: Applicants to learn from.
        held_out: Applicants that decide which epoch is kept.
        contract: The feature contract.
        shape: Shape of the autoencoder.
        training: How it is trained.
        seed: Of initial weights, order, hidden codes and dropout.
        progress: Updated after every gradient step.
        watch: Called after each epoch of the outcome stage; may raise to end the training.

    Returns:
        The model with the best held-out loss, in evaluation mode.
    """
    torch.set_num_threads(1)  # per thread; more would change the order of the sums
    generator = torch.Generator().manual_seed(seed)
    model = ProductAutoencoder(contract.vocabulary_size, contract.n_recent, shape)
    model.initialise(generator)
    columns = columns_of_codes(contract)
    hidden_code = torch.from_numpy(contract.code_offsets) + torch.tensor(
        [column.n_positions for column in contract.columns]
    )

    def rebuilding(data: EncoderRows, chosen: np.ndarray, learning: bool) -> Tensor:
        latent, products = encoded(data, chosen, learning)
        return reconstruction_loss(model, latent, products, columns, generator)

    def outcome(data: EncoderRows, chosen: np.ndarray, learning: bool) -> Tensor:
        latent, products = encoded(data, chosen, learning)
        flags = torch.from_numpy(data.defaulted[chosen].astype(np.float32))
        ago = torch.from_numpy(data.times[chosen] - 1)
        log_odds = latent[:, LOG_ODDS] + ago * latent[:, LOG_ODDS_CHANGE]
        loss = nn.functional.binary_cross_entropy_with_logits(log_odds, flags)
        if learning:
            rebuilt = reconstruction_loss(model, latent, products, columns, generator)
            loss = loss + training.reconstruction_weight * rebuilt
        return loss

    def encoded(data: EncoderRows, chosen: np.ndarray, learning: bool) -> tuple[Tensor, Products]:
        products = products_of(data.recent[chosen], contract)
        if not learning:
            return model.encode(products), products
        hide = torch.rand(products.codes.shape, generator=generator) < training.hidden_share
        seen = Products(torch.where(hide, hidden_code, products.codes), products.counts)
        size = (len(chosen), model.hidden.in_features)
        keep = (torch.rand(size, generator=generator) >= training.dropout) / (1 - training.dropout)
        return model.encode(seen, keep), products

    parameters = list(model.parameters())
    for name, loss_of, epochs in (
        ("reconstruction", rebuilding, training.reconstruction_epochs),
        ("outcome", outcome, training.outcome_epochs),
    ):
        if not epochs:
            continue
        optimizer = torch.optim.AdamW(
            parameters, lr=training.learning_rate, weight_decay=training.weight_decay
        )
        n_steps = epochs * -(-len(rows) // training.batch_rows)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, training.learning_rate, total_steps=n_steps
        )
        # One cycle of the learning rate per stage: losses rise at its peak, so no epoch ends the stage early.
        best_loss, best_state = float("inf"), model.state_dict()
        for epoch in range(epochs):
            order = torch.randperm(len(rows), generator=generator).numpy()
            for chosen in batches(order, training.batch_rows):
                optimizer.zero_grad()
                loss = loss_of(rows, chosen, True)
                loss.backward()
                nn.utils.clip_grad_norm_(parameters, 1.0)
                optimizer.step()
                schedule.step()
                progress.advance()
            found = mean_loss(loss_of, held_out)
            progress.note(f"{name}, epoch {epoch + 1}: held-out loss {found:.5f}")
            if watch and loss_of is outcome:
                watch(epoch, found)
            if found < best_loss:
                best_loss = found
                best_state = {key: value.clone() for key, value in model.state_dict().items()}
        model.load_state_dict(best_state)
    return model.eval()


def reconstruction_loss(
    model: ProductAutoencoder,
    latent: Tensor,
    products: Products,
    columns: Tensor,
    generator: torch.Generator,
) -> Tensor:
    """Mean cross-entropy, in nats, per code of one product per applicant, drawn at random.

    Args:
        model: The autoencoder.
        latent: Latent codes of N applicants.
        products: Their true products.
        columns: 1 where a code belongs to a column, float32 of shape (vocabulary_size, n_columns).
        generator: Of the draw.
    """
    owner = torch.nonzero(products.counts)[:, 0]
    counts = products.counts[owner]
    drawn = (torch.rand(len(owner), generator=generator) * counts).long()
    first = torch.cumsum(products.counts, dim=0)[owner] - counts
    logits = model.decode(latent, owner, drawn)
    # All columns share one product: the softmax of a column needs the sum over its own codes only.
    top = logits.detach().amax(dim=1, keepdim=True)
    log_sums = torch.log(torch.exp(logits - top) @ columns + 1e-30) + top
    return (log_sums - logits.gather(1, products.codes[first + drawn])).mean()


def columns_of_codes(contract: FeatureContract) -> Tensor:
    """1 where a code belongs to a column, float32 of shape (vocabulary_size, n_columns)."""
    belongs = torch.zeros((contract.vocabulary_size, len(contract.columns)))
    for i, (column, offset) in enumerate(
        zip(contract.columns, contract.code_offsets.tolist(), strict=True)
    ):
        belongs[offset : offset + column.n_positions, i] = 1.0
    return belongs


def mean_loss(
    loss_of: Callable[[EncoderRows, np.ndarray, bool], Tensor], rows: EncoderRows
) -> float:
    """Loss over all rows, in evaluation."""
    total = 0.0
    with torch.inference_mode():
        for chosen in batches(np.arange(len(rows)), ENCODE_ROWS):
            total += float(loss_of(rows, chosen, False)) * len(chosen)
    return total / len(rows)


def batches(order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Consecutive pieces of an order of rows."""
    for start in range(0, len(order), size):
        yield order[start : start + size]
