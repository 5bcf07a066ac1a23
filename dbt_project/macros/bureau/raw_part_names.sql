{#
    Names of the raw parts in the raw folder now, in order; a compilation error says which file cannot be used. The rule
    which files are parts is that of models_ml/warehouse/raw_parts.py. Only the model raw_parts asks for it (and, on Spark, the start
    of a run): whatever else reads parts takes those that stand in that table, so that one build reads one list.
#}
{% macro raw_part_names() %}
    {% if not execute %}
        {{ return([]) }}
    {% endif %}
    {{ return((run_query('select raw_part_names()').rows[0][0] | string).split('\n')) }}
{% endmacro %}
