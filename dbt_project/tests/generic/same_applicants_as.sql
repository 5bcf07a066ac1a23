{#
    Fails for every applicant that is in one of two models and not in the other.

    Args:
        compared_model: the other model; both have a column `id`.
#}
{% test same_applicants_as(model, compared_model) %}

(select id from {{ model }} except select id from {{ compared_model }})
union all
(select id from {{ compared_model }} except select id from {{ model }})

{% endtest %}
