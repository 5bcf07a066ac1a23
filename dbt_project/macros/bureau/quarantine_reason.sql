{#
    Expression: the first rule that a raw product row breaks, in words; null when it breaks none.

    Args:
        columns: list from bureau_columns(); a code that does not fit one byte is already null.

    `rn` is 1 to 255, which also bounds the number of products of one applicant, so that no one-byte counter can wrap.
#}
{% macro quarantine_reason(columns) -%}
    case
        when id is null or id < 0 then 'id: missing or negative, or above 9223372036854775807'
        when rn is null or rn not between 1 and 255 then 'rn: missing or not within 1 to 255'
        {%- for column in columns %}
        when {{ column.name }} is null then '{{ column.name }}: missing or not within 0 to 255'
        {%- endfor %}
    end
{%- endmacro %}
