/*
 * The relay publishes the event log to the service's stream, in order, and gives each event its position and
 * hash.
 *
 * # Theory of operation
 *
 * ## Overview
 *
 * A transaction that changes an aggregate inserts its events into the table `event` (outbox.h). `no` is the
 * order of writing; `seq`, the event's place in the stream, is null until the stream is known to have it. One
 * thread per process does the rest, in batches:
 *
 *     wait     for outbox_signal or POLL_MS, as other instances write events, too
 *     check    that this instance leads and that the stream holds what it acknowledged (stream.h)
 *     select   the first BATCH rows whose `seq` is null, by `no`
 *     publish  all of them, without waiting in between
 *     collect  acknowledgements: the window is the batch (publish.h)
 *     mark     in one transaction: the acknowledged rows up to the first exception get `seq`, `epoch` (which
 *              stream), and, the first time, `position` and `hash`
 *
 * and again, at once where the batch was full. Nothing is in flight between two batches, so there is no state
 * to repair.
 *
 * ## States
 *
 *     following    Another instance leads, PostgreSQL or nats-server is unavailable. Events wait in the
 *                  log; the relay keeps no state.
 *     unverified   This instance has just become leader, the connection is new, or the last batch was not
 *                  normal: an acknowledgement that did not come, a duplicate, another count of messages. The
 *                  stream is verified against the log before anything is published; what it lost gets `seq`
 *                  null and so is selected again.
 *     publishing   The loop above. Every 5 s the stream's state is compared with the one before.
 *
 * Leading is a session-level advisory lock (leader.h) that is checked before each batch. A leader that was
 * stopped (SIGSTOP) loses the lock without notice and may finish one batch when it continues. Publishing that
 * batch twice is harmless (message ids, inboxes); marking it fails, because `mark` requires that no row of it
 * was marked meanwhile. Then the head of the chain is read again.
 *
 * ## Invariants
 *
 * - Events of one aggregate are published in the order of their versions: the aggregate's row is locked while
 *   its event is written, so `no` rises with the version. Rows of transactions that commit late are selected
 *   late, whatever their `no`: there is no cursor that could pass them.
 * - `position` has no gaps and no event changes it: it is given by the transaction that sets it, in the order
 *   of marking, to events that the stream has. `hash` = SHA-256(hash before, canonical row) makes a chain of
 *   it.
 * - Each event is published at least once. More than once only where its mark was lost; then under the same
 *   Nats-Msg-Id, which the stream recognizes for two minutes. An event that was marked and then lost by the
 *   stream is published under another id, because the server still has the first id. Consumers
 *   recognize every repeat (inbox.h).
 *
 * ## Failures
 *
 *     an event is refused, or not acknowledged in 5 s   the ones before it are marked. The others are
 *                                                       selected again after a pause and a verification; what
 *                                                       came behind the failed one may be published twice
 *     the stream is full or missing, nats-server away   the same: events wait in the log, writers are
 *                                                   not affected
 *     killed after publishing, before marking           the next leader publishes the batch again under the
 *                                                       same ids
 *     PostgreSQL fails while marking                    the same, by the same process
 *     the stream lost or damaged messages, is replaced  found by the verification, published again, counted
 *                                                       by backroom_stream_alarms_total
 *     the database was restored to an earlier time      backroom_stream_ahead: an operator must empty the
 *                                                       stream
 */
#ifndef BACKROOM_RELAY_H
#define BACKROOM_RELAY_H

/* service: also the name of its schema. */
void relay_start(const char *service);
/* Waits until the batch under way is marked, or given up. */
void relay_stop(void);

#endif
