{#
    Name of the one raw column that has a role in the data dictionary.

    Args:
        columns: list from bureau_columns().
        role: for example open_flag.
#}
{% macro column_of_role(columns, role) -%}
    {%- set names = columns | selectattr('role', 'equalto', role) | map(attribute='name') | list -%}
    {%- if execute and names | length != 1 -%}
        {{ exceptions.raise_compiler_error(
            "seed data_dictionary, column role: expected one row with " ~ role ~ ", found " ~ names | length
            ~ (" (" ~ names | join(', ') ~ ")" if names else "") ~ "; correct the seed, then: dbt seed"
        ) }}
    {%- endif -%}
    {{ return(names | first) }}
{%- endmacro %}
