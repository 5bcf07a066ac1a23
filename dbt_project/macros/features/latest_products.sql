{#
    Aggregate: list of the latest products of an applicant, newest first, each a list of the code positions of all raw
    columns in dictionary order.
#}
{% macro latest_products(columns) -%}
    {{ return(adapter.dispatch('latest_products')(columns)) }}
{%- endmacro %}

{% macro default__latest_products(columns) -%}
    max_by([{{ columns | map(attribute='name') | join(', ') }}], rn, {{ scorehouse.n_recent_products() }})
{%- endmacro %}

{# `rn` is unique per applicant (see quarantine), so it alone decides the order of the structs. #}
{% macro spark__latest_products(columns) -%}
    slice(
        sort_array(
            collect_list(struct(rn, array({{ columns | map(attribute='name') | join(', ') }}) as codes)), false
        ), 1, {{ scorehouse.n_recent_products() }}
    )
{%- endmacro %}
