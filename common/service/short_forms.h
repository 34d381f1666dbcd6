/*
 * Expands short forms of rows once, at start: a filter without SQL, a list of fields that extends another, a
 * step that leaves from several statuses. All other modules see expanded rows only.
 */
#ifndef BACKROOM_SHORT_FORMS_H
#define BACKROOM_SHORT_FORMS_H

struct area;
struct field;
struct filter;
struct step;

/* Write out all rows of joined tables, which are the process's own. */
void short_forms_write_out(struct area *all);

/* {.extends = list} in a list of fields stands for all rows of that list, also in nested lists. */
const struct field *fields_written_out(const struct field *fields);
/* A filter without SQL is equality with the column of its name. */
const struct filter *filters_written_out(const struct filter *filters);
/* A step from "a|b" or ANY is one row for each status; SAME becomes that status. */
const struct step *flow_written_out(const struct step *flow);

#endif
