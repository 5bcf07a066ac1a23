{#
    Fails for every combination of columns that more than one row has, as `unique_combination_of_columns` of dbt_utils.

    Args:
        combination_of_columns: names of the columns that identify a row.
#}
{% test unique_combination_of_columns(model, combination_of_columns) %}

select
    {{ combination_of_columns | join(', ') }},
    count(*) as n_rows
from {{ model }}
group by {{ combination_of_columns | join(', ') }}
having count(*) > 1

{% endtest %}
