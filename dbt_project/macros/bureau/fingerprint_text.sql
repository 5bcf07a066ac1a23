{# Expression: a fingerprint as text, without a sign. #}
{% macro fingerprint_text(number) -%}
    {{ return(adapter.dispatch('fingerprint_text')(number)) }}
{%- endmacro %}

{% macro default__fingerprint_text(number) -%}
    cast({{ number }} as varchar)
{%- endmacro %}

{% macro spark__fingerprint_text(number) -%}
    cast(
        cast({{ number }} as decimal(20, 0)) + case when {{ number }} < 0 then 18446744073709551616 else 0 end as string
    )
{%- endmacro %}
