{#
    Materialization: a table with one row per applicant, kept equal to a work list, computed in batches.

    The work list (config `work_list`, a model's name) has one row per applicant that the table should hold: `id`, and
    the columns of config `version_columns`, which the table has too. Each run
        1. deletes rows whose id and version are not in the work list (gone or changed),
        2. computes the missing ones, at most `batch_size()` per statement, so that memory stays bounded
           whatever the number of applicants; the model restricts itself with batch_ids().
    All in one transaction: a failure, Ctrl-C or kill -9 leaves the table as it was. Where no row is kept (first build,
    `--full-refresh`, a change of columns, a new model), everything is computed into a new table that replaces the old
    one at the end; an interrupted run leaves the old table, and the next run removes the unfinished one. The
    contract is enforced as for a table.

    With config `append_only` nothing is ever deleted or replaced, not even by `--full-refresh`: an id has one row for
    each version it ever had. Each batch is committed, and an interrupted run is resumed by the next one.

    Config `archive` names a model that receives the feature rows removed from the table, in the same transaction.
#}
{% materialization applicant_batches, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set intermediate = make_intermediate_relation(target_relation) -%}
    {%- set backup = make_backup_relation(target_relation, 'table' if existing is none else existing.type) -%}
    {%- set work_list = ref(config.require('work_list')) -%}
    {%- set key = ['id'] + config.require('version_columns') -%}
    {%- set append_only = config.get('append_only', false) -%}
    {{ drop_relation_if_exists(load_cached_relation(intermediate)) }}
    {{ drop_relation_if_exists(load_cached_relation(backup)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- set usable = existing is not none and existing.is_table and scorehouse.has_columns_of_contract(existing) -%}
    {% if append_only and existing is not none and not usable %}
        {{ exceptions.raise_compiler_error(
            existing ~ ": expected the columns of its contract, found others; an append-only table is never replaced."
            ~ " Rename it to keep it, then run again"
        ) }}
    {% endif %}
    {%- set rebuild = not usable
        or (not append_only and (should_full_refresh() or scorehouse.no_row_stays(existing, work_list, key))) -%}
    {%- set building = intermediate if rebuild else target_relation -%}
    {%- set archive = config.get('archive') -%}
    {% if rebuild %}
        {% call statement('create') -%}
            {{ create_table_as(False, building, 'select * from (' ~ compiled_code ~ ') where false', 'sql') }}
        {%- endcall %}
    {% elif not append_only %}
        {%- set leaves -%}
            not exists (select 1 from {{ work_list }} as due where {{ scorehouse.same_key(key) }})
        {%- endset %}
        {% if archive %}
            {% do run_query(scorehouse.archive_features(existing, ref(archive), leaves)) %}
        {% endif %}
        {% call statement('delete') -%}
            delete from {{ building }} as found where {{ leaves }}
        {%- endcall %}
    {% endif %}

    {#- A new table is not in use yet and an appended one is never read halfway: commit each batch. The rows of one
        large transaction would spill to disk. Otherwise, no reader may see the table between delete and insert. #}
    {% set commit_batches = rebuild or append_only %}
    {% do run_query(scorehouse.create_missing_ids(work_list, building, key)) %}
    {% set n_missing = run_query('select count(*) from missing_ids').rows[0][0] %}
    {% set batch_applicants = scorehouse.batch_size() %}
    {% set n_batches = (n_missing + batch_applicants - 1) // batch_applicants %}
    {% set column_names = model.columns | join(', ') %}
    {% set done = namespace(last_id=-1) %}
    {% for batch in range(n_batches) %}
        {% do log(this.identifier ~ ": batch " ~ (batch + 1) ~ " of " ~ n_batches, info=(n_batches > 1)) %}
        {% do run_query(scorehouse.set_batch(done.last_id, batch_applicants)) %}
        {% call statement('batch') -%}
            insert into {{ building }} ({{ column_names }})
            select {{ column_names }} from ({{ compiled_code }})
        {%- endcall %}
        {% if commit_batches %}
            {% do adapter.commit() %}
        {% endif %}
        {% set done.last_id = run_query("select list_last(getvariable('batch_ids'))").rows[0][0] %}
    {% endfor %}
    {% do run_query("reset variable batch_ids") %}
    {% do run_query("drop table missing_ids") %}

    {% call noop_statement('main', 'OK ' ~ n_missing ~ ' applicants') -%}
        {{ compiled_code }}
    {%- endcall %}

    {% if rebuild %}
        {% if usable and archive %}
            {%- set leaves = 'features_hash not in (select features_hash from ' ~ intermediate ~ ')' -%}
            {% do run_query(scorehouse.archive_features(existing, ref(archive), leaves)) %}
        {% endif %}
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

{#
    Statement: archive feature rows that are removed from their table, once each.

    Args:
        features: the table `applicant_features`.
        archive: the table `applicant_features_archive`.
        leaves: condition on a row of the table, alias found.
#}
{% macro archive_features(features, archive, leaves) %}
    insert into {{ archive }} (features_hash, packed_features, archived_at)
    select
        features_hash,
        any_value(pack_features(features)),
        {{ run_start() }}
    from (
        select features_hash, {{ model_features() }} as features
        from {{ features }} as found
        where {{ leaves }} and features_hash not in (select features_hash from {{ archive }})
    ) as leaving
    group by features_hash
{% endmacro %}

{# True when no row of the table is in the work list as it is. #}
{% macro no_row_stays(relation, work_list, key) %}
    {% set query %}
        select not exists (
            select 1 from {{ relation }} as found inner join {{ work_list }} as due on {{ scorehouse.same_key(key) }}
        )
    {% endset %}
    {{ return(run_query(query).rows[0][0]) }}
{% endmacro %}

{# Statement: the temporary table missing_ids, of applicants of the work list whose row is not in the table. #}
{% macro create_missing_ids(work_list, building, key) %}
    create or replace temporary table missing_ids as
    select due.id
    from {{ work_list }} as due
    where not exists (select 1 from {{ building }} as found where {{ scorehouse.same_key(key) }})
{% endmacro %}

{# Applicants per statement: var `batch_applicants`, or fewer where DuckDB may use less than 3 GiB. #}
{% macro batch_size() %}
    {%- set limit = "current_setting('memory_limit')" -%}
    {%- set mebibytes = run_query(
        "select cast(split_part(" ~ limit ~ ", ' ', 1) as double) * case split_part(" ~ limit ~ ", ' ', 2)"
        ~ " when 'bytes' then 1 / 1048576 when 'KiB' then 1 / 1024 when 'MiB' then 1 when 'GiB' then 1024 else 1048576 end"
    ).rows[0][0] -%}
    {{ return([scorehouse.validated_number('batch_applicants', 1) | int, [1000, (mebibytes * 64) | int] | max] | min) }}
{% endmacro %}

{# Statement: put the next missing applicants, by id, into the session variable that batch_ids() reads. #}
{% macro set_batch(after_id, batch_applicants) %}
    set variable batch_ids = (
        select list(id order by id)
        from (select id from missing_ids where id > {{ after_id }} order by id limit {{ batch_applicants }})
    )
{% endmacro %}

{# True when the table has the columns of the model's contract, in any order. #}
{% macro has_columns_of_contract(relation) %}
    {% set found = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
    {{ return((found | sort) == (model.columns.keys() | list | sort)) }}
{% endmacro %}
