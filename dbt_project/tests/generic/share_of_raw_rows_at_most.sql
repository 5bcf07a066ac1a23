{#
    Fails when a model has more rows than a share of the rows of the raw parts. The share is read from a var when the
    test is compiled, and checked.

    Args:
        share_var: name of the var with the largest allowed share, 0 to 1.
        parts_model: model with the raw parts and their `n_rows`.
#}
{% test share_of_raw_rows_at_most(model, share_var, parts_model) %}

select
    found.n_rows as n_found,
    raw_rows.n_rows as n_raw
from (select count(*) as n_rows from {{ model }}) as found
cross join (select sum(n_rows) as n_rows from {{ parts_model }}) as raw_rows
where found.n_rows > {{ validated_share(share_var) }} * raw_rows.n_rows

{% endtest %}
