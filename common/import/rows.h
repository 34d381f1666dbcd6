/*
 * Reads the rows of a file of CSV (RFC 4180, the first row names the fields) or NDJSON, in UTF-8. A row
 * becomes the JSON object that a request would have brought. In CSV a cell is read as its field's type, an
 * empty one is absent; `customer.name` is the member of an object; lists and whole objects stand in their
 * cell as JSON.
 */
#ifndef BACKROOM_ROWS_H
#define BACKROOM_ROWS_H

#include "arena.h"
#include "field.h"

enum { ROW_BYTES_MAX = 128 * 1024, COLUMNS_MAX = 256 };

/* What a refused row's file adds to it; a row that comes back may still have them. */
#define ROW_FAULTS "import_faults"
#define ROW_RAW    "import_raw"

/*
 * The length of the first row with its line end, 0 where it does not end within these bytes; at the end of
 * the file (last) what is left is a row. A quoted cell may hold line ends.
 */
size_t row_length(bool csv, const char *bytes, size_t length, bool last);

/* The header of a CSV file, as a list of names owned by the caller. NULL, and *why, when it cannot be one. */
json_t *row_header(const char *bytes, size_t length, const char **why);

/* Read one row as an object owned by the caller; NULL, and *why, when it is none. header: of CSV, else
 * NULL. */
json_t *row_read(const json_t *header, const struct field *fields, const char *bytes, size_t length,
                 const char **why);

/* Nothing but white space: no row. */
bool row_blank(const char *bytes, size_t length);

/* The columns of a kind's fields as a CSV file has them: names with dots, a list owned by the caller. */
json_t *row_columns(const struct field *fields);
/* Add a row as CSV, cell by cell as in columns. */
void row_write_csv(struct text *out, const json_t *columns, const json_t *row);
void row_write_cell(struct text *out, const char *s);

#endif
