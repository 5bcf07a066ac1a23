{#
    Names of the raw parts in the raw folder now, in order; a compilation error says which file cannot be used. The rule
    which files are parts is that of models_ml/raw_parts.py. Only the model raw_parts asks for it (and, on Spark, the start
    of a run): whatever else reads parts takes those that stand in that table, so that one build reads one list.
#}
{% macro raw_part_names() %}
    {% if not execute %}
        {{ return([]) }}
    {% endif %}
    {{ return((run_query('select raw_part_names()').rows[0][0] | string).split('\n')) }}
{% endmacro %}

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
        {{ exceptions.raise_compiler_error("The table raw_parts is not in the warehouse yet; build it with: dbt build") }}
    {% endif %}
    {% set names = [] %}
    {% for (name,) in run_query("select raw_part from " ~ parts ~ " where " ~ condition ~ " order by raw_part").rows %}
        {% do names.append(name) %}
    {% endfor %}
    {{ return(names) }}
{% endmacro %}

{#
    Names of the raw parts whose statistics leave room for a value that breaks a rule, as SQL literals. Usually there is
    none, and quarantine need not read the large files at all; a join would read them before it finds that out.
#}
{% macro doubtful_raw_parts() %}
    {% set literals = [] %}
    {% for name in scorehouse.built_raw_parts('not is_within_rules') %}
        {% do literals.append("'" ~ name ~ "'") %}
    {% endfor %}
    {{ return(literals) }}
{% endmacro %}

{# Path of a part. Neither folder nor name has a character that SQL or a file pattern would misread: both are checked. #}
{% macro raw_part_path(name) -%}
    {{ return(env_var('SCOREHOUSE_RAW', 'data/raw') ~ '/' ~ name) }}
{%- endmacro %}

{# List of the paths of parts, and expression that makes the name of a part of its path, in DuckDB's SQL. #}
{% macro raw_part_paths(names) -%}
    {%- set paths = [] -%}
    {%- for name in names -%}
        {%- do paths.append("'" ~ scorehouse.raw_part_path(name) ~ "'") -%}
    {%- endfor -%}
    {{ return('[' ~ paths | join(', ') ~ ']') }}
{%- endmacro %}

{% macro raw_part_of(path) -%}
    {{ return('substr(' ~ path ~ ', ' ~ (scorehouse.raw_part_path('') | length + 1) ~ ')') }}
{%- endmacro %}
