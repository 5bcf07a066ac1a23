"""Commands of ``scorehouse`` by what they are about; the main job is in `models_ml.cli`."""
