{#
    Aggregates: the packed counters of one column. Expects the column to hold code positions.

    One `count(*) filter (where code = k)` per code costs one aggregate for each of about 480 positions. Adding
    `1 << (8 * position)` instead keeps seven one-byte counters in one BIGINT sum: 4 to 7 times faster. A counter cannot
    overflow into its neighbour, because an applicant has at most 255 products (see quarantine_reason).
#}
{% macro packed_code_counts(column) -%}
    {{ return(adapter.dispatch('packed_code_counts')(column)) }}
{%- endmacro %}

{% macro default__packed_code_counts(column) -%}
    {%- set words = (column.n_codes + 1 + 6) // 7 -%}
    {%- for word in range(words) %}
    {%- if words == 1 %}
    sum(cast(1 as bigint) << (8 * {{ column.name }}))::bigint as {{ column.name }}__{{ word }}
    {%- else %}
    sum(
        case when {{ column.name }} // 7 = {{ word }} then cast(1 as bigint) << (8 * ({{ column.name }} % 7)) else 0 end
    )::bigint as {{ column.name }}__{{ word }}
    {%- endif -%}
    {{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro spark__packed_code_counts(column) -%}
    {%- set words = (column.n_codes + 1 + 6) // 7 -%}
    {%- for word in range(words) %}
    sum(
        case
            when {{ column.name }} div 7 = {{ word }}
                then shiftleft(cast(1 as bigint), 8 * cast({{ column.name }} % 7 as integer))
            else 0
        end
    ) as {{ column.name }}__{{ word }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
