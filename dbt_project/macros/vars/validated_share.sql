{#
    A share as SQL text: a number from 0 to 1; see validated_number.

    Args:
        name: name of the var.
        value: its value; read from the vars when not given.
#}
{% macro validated_share(name, value=none) -%}
    {{ return(validated_number(name, 0, 1, value)) }}
{%- endmacro %}
