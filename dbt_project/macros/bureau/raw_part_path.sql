{# Path of a part. Neither folder nor name has a character that SQL or a file pattern would misread: both are checked. #}
{% macro raw_part_path(name) -%}
    {{ return((env_var('SCOREHOUSE_RAW', '') or 'data/raw') ~ '/' ~ name) }}
{%- endmacro %}
