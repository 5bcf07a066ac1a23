{# Expression: a number from 0 to 2^62 with one bit set. #}
{% macro single_bit(position) -%}
    {{ return(adapter.dispatch('single_bit')(position)) }}
{%- endmacro %}

{% macro default__single_bit(position) -%}
    cast(1 as bigint) << {{ position }}
{%- endmacro %}

{% macro spark__single_bit(position) -%}
    shiftleft(cast(1 as bigint), cast({{ position }} as integer))
{%- endmacro %}
