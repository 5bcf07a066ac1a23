{#
    Names of the raw parts whose statistics do not rule out a value that breaks a rule, as SQL literals. Usually there are
    none, and quarantine need not read the large files at all; a join would read them before finding that out.
#}
{% macro doubtful_raw_parts() %}
    {% set literals = [] %}
    {% for name in scorehouse.built_raw_parts('not is_within_rules') %}
        {% do literals.append("'" ~ name ~ "'") %}
    {% endfor %}
    {{ return(literals) }}
{% endmacro %}
