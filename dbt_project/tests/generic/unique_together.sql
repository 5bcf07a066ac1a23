{#
    Fails for every combination of columns that more than one row has.

    Args:
        columns: names of the columns that tell rows apart.
#}
{% test unique_together(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as n_rows
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
