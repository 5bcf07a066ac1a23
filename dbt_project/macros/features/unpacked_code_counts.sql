{#
    Expression: the fixed-size array of counts of one column, position = code, last position = other codes, from the
    counters of packed_code_counts().
#}
{% macro unpacked_code_counts(column) -%}
    {{ return(adapter.dispatch('unpacked_code_counts')(column)) }}
{%- endmacro %}

{#
    One expression for each word: one for each counter is 20 percent faster on millions of applicants, but a single
    applicant at the scoring service pays for every expression, however few rows there are.
#}
{% macro default__unpacked_code_counts(column) -%}
    {%- set words = [] -%}
    {%- for first in range(0, column.n_codes + 1, 7) -%}
        {%- set n_counters = [7, column.n_codes + 1 - first] | min -%}
        {%- set shifts = range(0, 8 * n_counters, 8) | list -%}
        {%- do words.append(
            "list_transform(" ~ shifts ~ ", lambda shift: (" ~ column.name ~ "__" ~ first // 7 ~ " >> shift) & 255)"
        ) -%}
    {%- endfor -%}
    ({{ words | join(' || ') }})::utinyint[{{ column.n_codes + 1 }}]
{%- endmacro %}

{% macro spark__unpacked_code_counts(column) -%}
    array(
        {%- for position in range(column.n_codes + 1) -%}
        cast(shiftright({{ column.name }}__{{ position // 7 }}, {{ 8 * (position % 7) }}) & 255 as smallint)
        {{- ", " if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}
