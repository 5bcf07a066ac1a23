{# Path of a part. Folder and name are checked: neither contains a character that SQL or a file pattern would misread. #}
{% macro raw_part_path(name) -%}
    {{ return((env_var('SCOREHOUSE_RAW', '') or 'data/raw') ~ '/' ~ name) }}
{%- endmacro %}
