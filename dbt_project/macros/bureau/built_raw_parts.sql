{#
    Names of the parts in the table raw_parts, in order.

    Args:
        condition: SQL condition on a row of the table.

    The calling model must carry the comment `-- depends_on: ref('raw_parts')` with the ref in braces.
#}
{% macro built_raw_parts(condition='true') %}
    {% if not execute %}
        {{ return([]) }}
    {% endif %}
    {% set parts = adapter.get_relation(database=target.database, schema=target.schema, identifier='raw_parts') %}
    {% if parts is none %}
        {{ exceptions.raise_compiler_error("The table raw_parts is not in the warehouse yet; build it with: dbt build --selector features") }}
    {% endif %}
    {% set names = [] %}
    {% for (name,) in run_query("select raw_part from " ~ parts ~ " where " ~ condition ~ " order by raw_part").rows %}
        {% do names.append(name) %}
    {% endfor %}
    {{ return(names) }}
{% endmacro %}
