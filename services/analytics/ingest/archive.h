/*
 * Ingestion: every event goes into the archive first and becomes facts and sums then, in one transaction. A rebuild reads
 * the same events from the archive.
 */
#ifndef BACKROOM_ANALYTICS_ARCHIVE_H
#define BACKROOM_ANALYTICS_ARCHIVE_H

#include <jansson.h>

#include "work.h"

/* Make facts of the events (a JSON list of archived events) that are of its types; zone is that of days and hours. */
typedef int apply_events(struct work *w, const json_t *events, const char *zone);

/* All of them in the order in which a rebuild calls them; ends with NULL. Once, at start. */
void archive_open(apply_events *const *appliers);
int apply_all(struct work *w, const json_t *events, const char *zone);

/* How a batch locks the figures: beside other batches, or alone. */
enum figures_lock { SHARED, EXCLUSIVE };

/* Body of a batch consumer: archive the batch, then apply it, unless a rebuild is running, which will come to it. */
int ingest(struct work *w, enum figures_lock lock, apply_events *apply);

/* Count how many events were received, booked and quarantined. Last of all, because other instances count in the same row. */
int ingest_count(struct work *w, const json_t *events, const char *zone);

/* The events of one type (or of all that begin with it, if it ends with a dot) as a JSON list; NULL when there is none. */
const char *events_of(struct work *w, const json_t *events, const char *type);
/* id, type, time and aggregate_id of all events, as a JSON list. */
const char *event_heads(struct work *w, const json_t *events);

#endif
