{# Subquery: name, size in bytes and SHA-256 of every raw part in the folder. #}
{% macro raw_part_files(names) -%}
    (
        {%- for name in names %}
        {{ "union all" if not loop.first }}
        select
            '{{ name }}' as raw_part,
            raw_part_bytes('{{ name }}') as n_bytes,
            raw_part_sha256('{{ name }}') as content_sha256
        {%- endfor %}
    )
{%- endmacro %}
