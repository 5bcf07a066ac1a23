{# Expression: arrays of different lengths, one after the other, as one list. #}
{% macro joined_arrays(arrays) -%}
    {{ return(adapter.dispatch('joined_arrays')(arrays)) }}
{%- endmacro %}

{% macro default__joined_arrays(arrays) -%}
    flatten([
        {%- for array in arrays %}cast({{ array }} as {{ type_byte() }}[]){{ ", " if not loop.last }}{% endfor -%}
    ])
{%- endmacro %}

{% macro spark__joined_arrays(arrays) -%}
    flatten(array({{ arrays | join(', ') }}))
{%- endmacro %}
