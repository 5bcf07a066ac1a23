{#
    Aggregate: values joined by commas in a given order. dbt's own `listagg` has no order on Spark.

    Args:
        expression: the text to join.
        order_by: what to order by; unique, so that the result is.
#}
{% macro joined_in_order(expression, order_by) -%}
    {{ return(adapter.dispatch('joined_in_order')(expression, order_by)) }}
{%- endmacro %}

{% macro default__joined_in_order(expression, order_by) -%}
    string_agg({{ expression }}, ',' order by {{ order_by }})
{%- endmacro %}

{% macro spark__joined_in_order(expression, order_by) -%}
    array_join(
        transform(
            array_sort(collect_list(struct({{ order_by }} as place, {{ expression }} as word))), found -> found.word
        ), ','
    )
{%- endmacro %}
