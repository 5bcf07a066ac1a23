{#
    Subquery: ids of the applicants that the materialization applicant_batches is computing now. Elsewhere (unit
    tests, ad-hoc queries, other engines) that is everyone in the work list.

    Args:
        work_list: relation with one row per applicant, the one named in the model's config.
#}
{% macro batch_ids(work_list) -%}
    {{ return(adapter.dispatch('batch_ids')(work_list)) }}
{%- endmacro %}

{% macro duckdb__batch_ids(work_list) -%}
    select unnest(getvariable('batch_ids')::bigint[]) as id
    union all
    select id from {{ work_list }} where getvariable('batch_ids') is null
{%- endmacro %}

{% macro default__batch_ids(work_list) -%}
    select id from {{ work_list }}
{%- endmacro %}

{# Other engines have no batches; a table that only grows (append_only) gets the applicants it does not have yet. #}
{% macro spark__batch_ids(work_list) -%}
    select id
    from {{ work_list }} as due
    {%- if config.get('append_only', false) and is_incremental() %}
    where not exists (
        select 1 from {{ this }} as found
        where {{ scorehouse.same_key(['id'] + config.require('version_columns')) }}
    )
    {%- endif %}
{%- endmacro %}
