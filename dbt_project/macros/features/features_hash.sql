{#
    Hash of a feature row, the same on every machine and release: 32 hexadecimal digits of a SHA-256 over the contract
    and the row's values without the id (models_ml/features/packing.py). Needs the plugin `udf.plugin`, but no model.

    Args:
        features: name or alias of a relation with exactly the columns that the model reads.
#}
{% macro features_hash(features) -%}
  {{ return(adapter.dispatch('features_hash')(features)) }}
{%- endmacro %}

{% macro default__features_hash(features) -%}
  hash_features({{ features }})
{%- endmacro %}

{% macro spark__features_hash(features) -%}
    hash_features(struct({{ features }}.*))
{%- endmacro %}
