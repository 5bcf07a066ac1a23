{#
    Hook: refuse to take scores from a history that is incomplete because this run did not select it.

    Args:
        work_list: the work list, a relation.
        history: relation of all scores.
#}
{% macro check_all_scored(work_list, history) %}
    {%- if execute %}
    {%- set key = ['id'] + config.require('version_columns') -%}
    {%- set n_missing = run_query(
        'select count(*) from ' ~ work_list ~ ' as due where not exists (select 1 from ' ~ history
        ~ ' as found where ' ~ scorehouse.same_key(key) ~ ')'
    ).rows[0][0] -%}
    {%- if n_missing > 0 %}
        {{ exceptions.raise_compiler_error(
            history.identifier ~ " lacks the scores of " ~ n_missing ~ " applicants for this model and these vars."
            ~ " Build the scoring models together: --selector scored"
        ) }}
    {%- endif %}
    {%- endif %}
{% endmacro %}
