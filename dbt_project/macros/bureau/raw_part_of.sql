{# Expression: name of the part, from its path, in DuckDB's SQL. #}
{% macro raw_part_of(path) -%}
    {{ return('substr(' ~ path ~ ', ' ~ (scorehouse.raw_part_path('') | length + 1) ~ ')') }}
{%- endmacro %}
