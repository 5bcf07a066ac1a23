"""A simulated credit bureau that matches the published facts about the real one.

Figures measured on it are not figures on real applicants.
"""

from models_ml.simulator.check import CheckRow, check
from models_ml.simulator.writer import SimulationSettings, SimulationSummary, simulate

__all__ = ["CheckRow", "SimulationSettings", "SimulationSummary", "check", "simulate"]
