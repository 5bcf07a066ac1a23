{#
    A number from the vars as SQL text. Refuses anything else, so that a quoted value from `--vars` never reaches the
    SQL.

    Args:
        name: name of the var.
        minimum: smallest allowed value.
        maximum: largest allowed value; none for no limit.
        value: its value; read from the vars when not given.
#}
{% macro validated_number(name, minimum, maximum=none, value=none) -%}
    {%- set value = var(name) if value is none else value -%}
    {%- set expected = 'a number between ' ~ minimum ~ ' and ' ~ maximum if maximum is not none
        else 'a number of at least ' ~ minimum -%}
    {#- NaN is the number that is not equal to itself; infinity is above every limit a sum of money has. -#}
    {%- if value is not number or value is boolean or value != value or value < minimum
        or value > (maximum if maximum is not none else 1e15) -%}
        {{ exceptions.raise_compiler_error(
            "var " ~ name ~ ": expected " ~ expected ~ ", found '" ~ value
            ~ "'; correct it in dbt_project.yml or --vars"
        ) }}
    {%- endif -%}
    {{ return(value) }}
{%- endmacro %}
