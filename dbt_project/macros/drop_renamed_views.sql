{#
    Hook: drop the views of models that have been renamed since the warehouse was built. dbt keeps them, and anyone still
    reading one would see the champion of an old run.
#}
{% macro drop_renamed_views() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- for name in ['scores_due', 'challenges_due'] -%}
            {%- set old = adapter.get_relation(target.database, target.schema, name) -%}
            {%- if old is not none and old.is_view -%}
                {%- do adapter.drop_relation(old) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
