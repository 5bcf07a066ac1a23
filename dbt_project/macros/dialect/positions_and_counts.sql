{# Select list: the elements of an array as rows, `position` from 0 and `n_products`. #}
{% macro positions_and_counts(counts, n_positions) -%}
    {{ return(adapter.dispatch('positions_and_counts')(counts, n_positions)) }}
{%- endmacro %}

{% macro default__positions_and_counts(counts, n_positions) -%}
    unnest(range({{ n_positions }})) as position,
        unnest({{ counts }}) as n_products
{%- endmacro %}

{% macro spark__positions_and_counts(counts, n_positions) -%}
    posexplode({{ counts }}) as (position, n_products)
{%- endmacro %}
