"""The same dbt project and the same scorer on Apache Spark (extra ``spark``)."""
