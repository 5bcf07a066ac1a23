{#
    Hook: refuse `--empty` and `--sample` in a warehouse that is in use. They rebuild every table from none or some of the
    rows, so outcomes, monitoring and scores would be lost with an exit code of 0. A separate warehouse may be built so.
#}
{% macro refuse_partial_rows() -%}
    {%- set flag = '--empty' if flags.EMPTY else '--sample' if invocation_args_dict.get('sample') else none -%}
    {%- if execute and flag is not none -%}
        {%- for name in ['applicant_features', 'applicant_outcomes', 'applicant_scores', 'applicant_scores_history'] -%}
            {%- set found = adapter.get_relation(database=target.database, schema=target.schema, identifier=name) -%}
            {%- if found is not none and run_query('select count(*) from ' ~ found).rows[0][0] > 0 -%}
                {{ exceptions.raise_compiler_error(
                    flag ~ ": expected an empty warehouse, found rows in " ~ found ~ ", which would be lost."
                    ~ " Nothing was changed; build into another warehouse: SCOREHOUSE_HOME=FOLDER dbt " ~ flags.WHICH ~ " " ~ flag
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
