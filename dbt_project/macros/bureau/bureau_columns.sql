{#
    The raw code columns, read from the seed data_dictionary: the one place that lists them.

    Returns a list of dictionaries in dictionary order:
        name           column name
        kind           binned, flag or encoded
        n_codes        positions 0 .. n_codes - 1 are codes; position n_codes counts every other code
        absent_codes   codes below n_codes that the published data never shows: they count as "other"
        payment_month  for a payment status column, its month (0 = newest), else none
        paid_code      for a payment status column, the code read as "paid as agreed" (see `meaning`), else none

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
    {% if seed is none %}
        {{ exceptions.raise_compiler_error(
            "The seed data_dictionary is not in the warehouse yet; load it with: dbt seed"
        ) }}
    {% endif %}
    {% set rows = run_query(
        "select column_name, kind, n_codes, absent_codes, business_group from " ~ seed ~ " order by position"
    ) %}
    {% set columns = [] %}
    {% for name, kind, n_codes, absent_codes, business_group in rows.rows %}
        {% set is_payment = business_group == 'monthly payment record' %}
        {% do columns.append({
            'name': name,
            'kind': kind,
            'n_codes': n_codes | int,
            'absent_codes': [] if absent_codes == '-' else (absent_codes | string).split(' '),
            'payment_month': name.split('_')[-1] | int if is_payment else none,
            'paid_code': (n_codes | int) - 4 if is_payment else none,
        }) %}
    {% endfor %}
    {{ return(columns) }}
{% endmacro %}
