{#
    A var as a number in SQL text. Refuses anything that is not a number within the range, so that a quoted value from
    `--vars` can never reach the SQL.

    Args:
        name: name of the var.
        minimum: smallest allowed value.
        maximum: largest allowed value.
#}
{% macro validated_number(name, minimum, maximum) -%}
    {%- set value = var(name) -%}
    {%- if value is not number or value is boolean or value < minimum or value > maximum -%}
        {{ exceptions.raise_compiler_error(
            "var " ~ name ~ ": expected a number between " ~ minimum ~ " and " ~ maximum ~ ", found '" ~ value
            ~ "'; mend it in dbt_project.yml or --vars"
        ) }}
    {%- endif -%}
    {{ return(value) }}
{%- endmacro %}
