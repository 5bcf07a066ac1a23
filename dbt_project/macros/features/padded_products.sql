{#
    Expression: the list made by latest_products() as one array of fixed size, product by product; 255 where there is no
    product.
#}
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
