{#
    Names of the raw parts whose statistics leave room for a value that breaks a rule, as SQL literals. Usually there is
    none, and quarantine need not read the large files at all; a join would read them before it finds that out.

    The calling model must carry the comment `-- depends_on: ref('raw_parts')` with the ref in braces.
#}
{% macro doubtful_raw_parts() %}
    {% if not execute %}
        {{ return([]) }}
    {% endif %}
    {% set parts = adapter.get_relation(database=target.database, schema=target.schema, identifier='raw_parts') %}
    {% if parts is none %}
        {{ exceptions.raise_compiler_error("The table raw_parts is not in the warehouse yet; build it with: dbt build") }}
    {% endif %}
    {% set literals = [] %}
    {% for (raw_part,) in run_query("select raw_part from " ~ parts ~ " where not is_within_rules").rows %}
        {% do literals.append("'" ~ raw_part | replace("'", "''") ~ "'") %}
    {% endfor %}
    {{ return(literals) }}
{% endmacro %}
