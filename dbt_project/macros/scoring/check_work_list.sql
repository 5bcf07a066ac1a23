{#
    Hook: refuse to score from a work list that another run made for another model or other vars. A work list is a view
    that keeps the model and vars of its own run, and `--select` may skip it.

    Args:
        work_list: the work list, a relation.
        applicants: relation with one row per applicant to score.
        versions: SQL literal by column of the work list: what this run scores with. Null where it scores nobody.
#}
{% macro check_work_list(work_list, applicants, versions) %}
    {%- if execute %}
    {%- set due -%}
        select count(*)
        from {{ work_list }}
        where {% for column, version in versions.items() %}{{ column }} = {{ version }}{{ ' and ' if not loop.last }}{% endfor %}
    {%- endset -%}
    {%- set wanted -%}
        select count(*)
        from {{ applicants }}
        where {% for version in versions.values() %}{{ version }} is not null{{ ' and ' if not loop.last }}{% endfor %}
    {%- endset -%}
    {%- set counts = run_query(
        'select (select count(*) from ' ~ work_list ~ '), (' ~ due ~ '), (' ~ wanted ~ ')'
    ).rows[0] -%}
    {%- if counts[0] != counts[1] or counts[1] != counts[2] %}
        {{ exceptions.raise_compiler_error(
            "expected " ~ work_list.identifier ~ " for " ~ (versions.values() | join(', ')) ~ ", the model and policy of this"
            ~ " run; it was made by another run, for another model or other vars. Nothing was scored. Build the scoring"
            ~ " models together: --selector scored"
        ) }}
    {%- endif %}
    {%- endif %}
{% endmacro %}
