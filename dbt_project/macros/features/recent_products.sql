{#
    The latest products of an applicant as one fixed-size array: product by product, newest first, each with the code
    positions of all raw columns in dictionary order; 255 where there is no product.
#}

{# Aggregate: list of the latest products, newest first, each a list of code positions. #}
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

{# Expression: that list flattened and padded to its fixed size. #}
{% macro padded_products(products, columns) -%}
    {{ return(adapter.dispatch('padded_products')(products, columns)) }}
{%- endmacro %}

{% macro default__padded_products(products, columns) -%}
    {%- set size = scorehouse.n_recent_products() * (columns | length) -%}
    list_resize(flatten({{ products }}), {{ size }}, 255::utinyint)::utinyint[{{ size }}]
{%- endmacro %}

{% macro spark__padded_products(products, columns) -%}
    {%- set size = scorehouse.n_recent_products() * (columns | length) -%}
    slice(
        concat(
            flatten(transform({{ products }}, product -> product.codes)),
            array_repeat(cast(255 as smallint), {{ size }})
        ), 1, {{ size }}
    )
{%- endmacro %}

{# Products kept per applicant: a whole number from the vars, so that nothing else reaches the SQL. #}
{% macro n_recent_products() -%}
    {{ return(scorehouse.validated_number('n_recent_products', 1, 255) | int) }}
{%- endmacro %}
