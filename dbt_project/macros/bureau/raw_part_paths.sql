{# List of the paths of parts in DuckDB's SQL. #}
{% macro raw_part_paths(names) -%}
    {%- set paths = [] -%}
    {%- for name in names -%}
        {%- do paths.append("'" ~ scorehouse.raw_part_path(name) ~ "'") -%}
    {%- endfor -%}
    {{ return('[' ~ paths | join(', ') ~ ']') }}
{%- endmacro %}
