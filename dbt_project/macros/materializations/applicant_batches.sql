{#
    Materialization: a table with one row per applicant, kept equal to a work list, computed in batches.

    The work list (config `work_list`, a model's name) has one row per applicant that the table should hold: `id`, and
    the columns of config `version_columns`, which the table has too. Each run
        1. deletes rows whose id and version are not in the work list (gone or changed),
        2. computes the missing ones, at most var `batch_applicants` per statement, so that memory stays bounded
           whatever the number of applicants; the model restricts itself with in_batch().
    All in one transaction: a failure, Ctrl-C or kill -9 leaves the table as it was. `--full-refresh`, or a change of
    columns, computes everything into a new table and swaps at the end; an interrupted one leaves the old table, and the
    next run removes the unfinished one. The contract is enforced as for a table.
#}
{% materialization applicant_batches, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set intermediate = make_intermediate_relation(target_relation) -%}
    {%- set backup = make_backup_relation(target_relation, 'table' if existing is none else existing.type) -%}
    {%- set work_list = ref(config.require('work_list')) -%}
    {%- set key = ['id'] + config.require('version_columns') -%}
    {{ drop_relation_if_exists(load_cached_relation(intermediate)) }}
    {{ drop_relation_if_exists(load_cached_relation(backup)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set rebuild = existing is none or not existing.is_table or should_full_refresh()
        or not scorehouse.has_columns_of_contract(existing) -%}
    {%- set building = intermediate if rebuild else target_relation -%}
    {% if rebuild %}
        {% call statement('create') -%}
            {{ create_table_as(False, building, 'select * from (' ~ compiled_code ~ ') where false', 'sql') }}
        {%- endcall %}
    {% else %}
        {% call statement('delete') -%}
            delete from {{ building }} where ({{ key | join(', ') }}) not in (select ({{ key | join(', ') }}) from {{ work_list }})
        {%- endcall %}
    {% endif %}

    {% set n_missing = run_query(scorehouse.count_missing_applicants(work_list, building)).rows[0][0] %}
    {% set batch_applicants = var('batch_applicants') | int %}
    {% set n_batches = (n_missing + batch_applicants - 1) // batch_applicants %}
    {% set column_names = model.columns | join(', ') %}
    {% set done = namespace(last_id=-1) %}
    {% for batch in range(n_batches) %}
        {% do log(this.identifier ~ ": batch " ~ (batch + 1) ~ " of " ~ n_batches, info=(n_batches > 1)) %}
        {% do run_query(scorehouse.set_batch(work_list, building, done.last_id, batch_applicants)) %}
        {% call statement('batch') -%}
            insert into {{ building }} ({{ column_names }})
            select {{ column_names }} from ({{ compiled_code }})
        {%- endcall %}
        {% if rebuild %}
            {#- A new table is not in use yet, and one large transaction would spill what it wrote: commit each batch. #}
            {% do adapter.commit() %}
        {% endif %}
        {% set done.last_id = run_query("select list_last(getvariable('batch_ids'))").rows[0][0] %}
    {% endfor %}
    {% do run_query("reset variable batch_ids") %}

    {% call noop_statement('main', 'OK ' ~ n_missing ~ ' applicants') -%}
        {{ compiled_code }}
    {%- endcall %}

    {% if rebuild %}
        {% if existing is not none %}
            {% do adapter.rename_relation(existing, backup) %}
        {% endif %}
        {% do adapter.rename_relation(intermediate, target_relation) %}
    {% endif %}
    {% do persist_docs(target_relation, model) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {% if rebuild %}
        {{ drop_relation_if_exists(backup) }}
    {% endif %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# Query: number of applicants that are in the work list and not in the table. #}
{% macro count_missing_applicants(work_list, building) %}
    select count(*) from {{ work_list }} where id not in (select id from {{ building }})
{% endmacro %}

{# Statement: put the next missing applicants, by id, into the session variable that in_batch() reads. #}
{% macro set_batch(work_list, building, after_id, batch_applicants) %}
    set variable batch_ids = (
        select list(id order by id)
        from (
            select id
            from {{ work_list }}
            where id > {{ after_id }} and id not in (select id from {{ building }})
            order by id
            limit {{ batch_applicants }}
        )
    )
{% endmacro %}

{# True when the table has the columns of the model's contract, in any order. #}
{% macro has_columns_of_contract(relation) %}
    {% set found = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
    {{ return((found | sort) == (model.columns.keys() | list | sort)) }}
{% endmacro %}
