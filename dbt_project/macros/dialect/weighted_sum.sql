{#
    Expression: sum of the whole numbers of a list, each times its weight.

    Args:
        list: as many numbers as weights; the sum and all on the way to it are below 2^53, so doubles hold them exactly.
        weights: whole numbers.
#}
{% macro weighted_sum(list, weights) -%}
    {{ return(adapter.dispatch('weighted_sum')(list, weights)) }}
{%- endmacro %}

{% macro default__weighted_sum(list, weights) -%}
    cast(list_inner_product(cast({{ list }} as double[]), {{ weights }}::double[]) as integer)
{%- endmacro %}

{% macro spark__weighted_sum(list, weights) -%}
    (
        {%- for weight in weights if weight -%}
        {{ weight }} * cast(element_at({{ list }}, {{ loop.index }}) as int){{ " + " if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}
