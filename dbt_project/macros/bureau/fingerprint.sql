{#
    Expression: a whole number of 64 bits made from a text, so that the fingerprint of several texts is their bit_xor, in
    any order.

    Args:
        text: SQL expression of type varchar.
#}
{% macro fingerprint(text) -%}
    {{ return(adapter.dispatch('fingerprint')(text)) }}
{%- endmacro %}

{% macro default__fingerprint(text) -%}
    md5_number_lower({{ text }})
{%- endmacro %}
