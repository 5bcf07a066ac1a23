{#
    The raw code columns, read from the seed data_dictionary: the one place that lists them.

    Returns a list of dictionaries in dictionary order:
        name           column name
        kind           binned, flag or encoded
        n_codes        positions 0 .. n_codes - 1 are codes; position n_codes counts every other code
        absent_codes   codes below n_codes that the published data never shows: they count as "other"
        role           what the column tells about a product, '-' for nothing that a scalar feature counts
        payment_month  for the role payment_status, its month (0 = newest), else none
        paid_code      for the role payment_status, the code for "paid as agreed"; the next two are payment problems

    The calling model must carry the comment `-- depends_on: ref('data_dictionary')` with the ref in braces, so that
    dbt loads the seed first. The relation is addressed directly, because in a unit test ref() answers with the
    name of a fixture, which cannot be queried while the model is being compiled.
#}
{% macro bureau_columns() %}
    {% if not execute %}
        {{ return([]) }}
    {% endif %}
    {% set seed = adapter.get_relation(
        database=target.database, schema=target.schema, identifier='data_dictionary'
    ) %}
    {% if seed is none or 'role' not in adapter.get_columns_in_relation(seed) | map(attribute='name') %}
        {{ exceptions.raise_compiler_error(
            "The seed data_dictionary is not in the warehouse" ~ (" yet" if seed is none else " with the column role")
            ~ "; load it with: dbt seed"
        ) }}
    {% endif %}
    {% set rows = run_query(
        "select column_name, kind, n_codes, absent_codes, role, payment_month, paid_code from " ~ seed
        ~ " order by position"
    ) %}
    {% set columns = [] %}
    {% for name, kind, n_codes, absent_codes, role, payment_month, paid_code in rows.rows %}
        {% do columns.append({
            'name': name,
            'kind': kind,
            'n_codes': n_codes | int,
            'absent_codes': [] if absent_codes == '-' else (absent_codes | string).split(' '),
            'role': role,
            'payment_month': payment_month | int if payment_month is not none else none,
            'paid_code': paid_code | int if paid_code is not none else none,
        }) %}
    {% endfor %}
    {{ return(columns) }}
{% endmacro %}
