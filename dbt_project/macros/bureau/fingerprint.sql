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

{# The same number, signed: the last 8 of the 16 bytes of the MD5, lowest byte first. #}
{% macro spark__fingerprint(text) -%}
    (
        {%- for byte in range(8) %}
        {{ "| " if not loop.first }}shiftleft(
            cast(conv(substring(md5({{ text }}), {{ 17 + 2 * byte }}, 2), 16, 10) as bigint), {{ 8 * byte }}
        )
        {%- endfor %}
    )
{%- endmacro %}
