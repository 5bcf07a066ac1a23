{#
    Hook: give a history of scores that an earlier release made the columns of the decision policy. Their values come
    from its sentence, exactly; they stay null where somebody reworded it. All in one transaction; no row is lost.
#}
{% macro add_policy_columns() -%}
    {%- if execute and target.type == 'duckdb' and flags.WHICH in ['build', 'run', 'test', 'retry'] -%}
        {%- set history = adapter.get_relation(target.database, target.schema, 'applicant_scores_history') -%}
        {%- if history is not none
            and 'approve_below_pd' not in adapter.get_columns_in_relation(history) | map(attribute='name') -%}
            {%- set columns = scorehouse.policy_numbers().keys() | list -%}
            {%- do adapter.ensure_transaction() -%}
            {%- for column in columns -%}
                {%- do run_query("alter table " ~ history ~ " add column " ~ column ~ " double") -%}
            {%- endfor -%}
            {%- set numbers -%}
                update {{ history }} as history
                set
                    {% for column in columns %}
                    {{ column }} = policy.numbers.{{ column }}{{ ',' if not loop.last }}
                    {% endfor %}
                from (
                    select decision_policy, decision_policy_numbers(decision_policy) as numbers
                    from (select distinct decision_policy from {{ history }})
                ) as policy
                where history.decision_policy = policy.decision_policy
            {%- endset -%}
            {%- do run_query(numbers) -%}
            {%- do adapter.commit() -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
