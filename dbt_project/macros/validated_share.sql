{#
    A share as SQL text. Refuses anything that is not a number from 0 to 1, so that a quoted value from `--vars` can
    never reach the SQL.

    Args:
        name: name of the var.
        value: its value; read from the vars when not given.
#}
{% macro validated_share(name, value=none) -%}
    {%- set value = var(name) if value is none else value -%}
    {%- if value is not number or value is boolean or value < 0 or value > 1 -%}
        {{ exceptions.raise_compiler_error(
            "var " ~ name ~ ": expected a number between 0 and 1, found '" ~ value
            ~ "'; mend it in dbt_project.yml or --vars"
        ) }}
    {%- endif -%}
    {{ return(value) }}
{%- endmacro %}
