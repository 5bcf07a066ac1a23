{#
    Expression: the columns of a row of `applicant_features` that the model reads, as the struct that score_applicant()
    takes. Fields are matched by name, so an unknown one is refused.
#}
{% macro model_features() -%}
    {{ return(adapter.dispatch('model_features')()) }}
{%- endmacro %}

{% macro duckdb__model_features() -%}
    struct_pack(*columns(* exclude (features_hash, source_fingerprint)))
{%- endmacro %}

{# All columns; the scorer takes those of the contract by name and refuses a missing one. #}
{% macro spark__model_features() -%}
    struct(*)
{%- endmacro %}
