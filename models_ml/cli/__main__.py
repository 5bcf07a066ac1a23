"""``python -m models_ml.cli``, and the file that ``spark-submit`` is given."""

from models_ml.cli import main

if __name__ == "__main__":
    main()
