{#
    Names of the raw parts now in the raw folder, in order; a compilation error names a file that cannot be used.
    models_ml/warehouse/raw_parts.py decides which files are parts. Only the model raw_parts calls this macro (and, on
    Spark, the start of a run); everything else takes the parts from that table, so that one build reads one list.
#}
{% macro raw_part_names() %}
    {% if not execute %}
        {{ return([]) }}
    {% endif %}
    {{ return((run_query('select raw_part_names()').rows[0][0] | string).split('\n')) }}
{% endmacro %}
