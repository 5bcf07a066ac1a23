{#
    Fails when the rows of a model differ in the given columns, and reports every combination found.

    Args:
        columns: names of the columns.
#}
{% test one_value_of(model, columns) %}

select {{ columns | join(', ') }}
from (select distinct {{ columns | join(', ') }} from {{ model }}) as found
where (
    select count(*)
    from (select distinct {{ columns | join(', ') }} from {{ model }}) as counted
) > 1

{% endtest %}
