/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The giving up of what is pending: by a publisher that goes on, or by one that closes. The I/O
 * thread takes the steps between its polls. The client does not report what it has when it is
 * destroyed; what has no report until then has its outcome after it. */
#include "trib-kafka-publisher-private.h"

#include <common/trib-state.h>

static const TribStateRow state_rows[] = {
  [TRIB_KAFKA_END_NONE] = { "running", TRIB_STATE (TRIB_KAFKA_END_LAST_RECORDS) },
  [TRIB_KAFKA_END_LAST_RECORDS]
  = { "last records", TRIB_STATE (TRIB_KAFKA_END_PURGED) | TRIB_STATE (TRIB_KAFKA_END_NONE)
                          | TRIB_STATE (TRIB_KAFKA_END_CLOSED) },
  [TRIB_KAFKA_END_PURGED]
  = { "purged", TRIB_STATE (TRIB_KAFKA_END_NONE) | TRIB_STATE (TRIB_KAFKA_END_CLOSED) },
  [TRIB_KAFKA_END_CLOSED] = { "closed", 0 },
};
static const TribStateTable states
    = { "publisher", &trib_kafka_debug, state_rows, G_N_ELEMENTS (state_rows) };

#define LAST_RECORDS_US G_TIME_SPAN_SECOND
#define PURGE_AGAIN_US (2 * G_TIME_SPAN_SECOND)
#define MAX_PURGES 3

static void
set_end (TribKafkaPublisher *p, TribKafkaEnd end, const gchar *why)
{
  TRIB_STATE_SET (&states, p->id, p->end, end, why);
}

/* What was taken since then only waits: it is not given up, unless none is sent any more. */
static gboolean
is_empty (const TribKafkaPublisher *p)
{
  return p->sent.length == 0 && p->stats.loss_records_pending == 0 && p->runs_pending == 0;
}

/* Not under the lock, because it waits for the client's threads: nothing is handed over
 * meanwhile. What was purged is reported by the next polls.
 * @locks: requires the publisher's, gives it back for a while */
static void
purge (TribKafkaPublisher *p)
{
  p->held = TRUE;
  g_mutex_unlock (&p->lock);
  rd_kafka_purge (p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  g_mutex_lock (&p->lock);
  p->held = FALSE;
  trib_kafka_queues_resume (p);
}

static void
fail_waiting (TribKafkaPublisher *p)
{
  while (p->waiting.head)
    trib_kafka_settle_failed (p, p->waiting.head->data, TRIB_KAFKA_FAILED_PURGED,
        p->fatal ? p->fatal->message : "given up before it was sent: the sink stopped");
}

/* That frames are given up is written down when there is a broker to write it to, which is why
 * what the client has goes first: purging takes all that it has, also the entries of those that
 * were given up before. */
static void
begin (TribKafkaPublisher *p)
{
  gboolean connected = p->link.state == TRIB_LINK_CONNECTED && !p->fatal;

  p->giving_up = TRUE;
  trib_kafka_queues_purge (p, FALSE);
  if (p->n_slots > 0) {
    purge (p);
    g_mutex_unlock (&p->lock);
    trib_kafka_io_poll (p, 0);
    g_mutex_lock (&p->lock);
  }
  fail_waiting (p);
  set_end (p, TRIB_KAFKA_END_LAST_RECORDS, p->close ? "closing" : "giving up what is pending");
  p->end_us = g_get_monotonic_time () + (connected ? LAST_RECORDS_US : 0);
}

static void
purge_rest (TribKafkaPublisher *p)
{
  p->closing = TRUE;
  trib_kafka_queues_purge (p, TRUE);
  if (p->n_slots > 0)
    purge (p);
  if (p->end == TRIB_KAFKA_END_PURGED)
    PUBLISHER_LOG (p, TRIB_LOG_WARNING, "%u purged records have no report yet", p->n_slots);
  p->n_purges++;
  set_end (p, TRIB_KAFKA_END_PURGED, NULL);
  p->end_us = g_get_monotonic_time () + PURGE_AGAIN_US;
}

static void
finish (TribKafkaPublisher *p, const gchar *why)
{
  p->n_purges = 0;
  p->giving_up = FALSE;
  p->closing = FALSE;
  p->abandon = FALSE;
  set_end (p, p->close ? TRIB_KAFKA_END_CLOSED : TRIB_KAFKA_END_NONE, why);
  g_cond_broadcast (&p->changed);
}

/* @locks: requires the publisher's */
static void
step (TribKafkaPublisher *p)
{
  if (p->end == TRIB_KAFKA_END_NONE)
    begin (p);
  else if (p->close || p->fatal)
    fail_waiting (p);
  if (is_empty (p))
    finish (p, "every frame has its outcome");
  else if (g_get_monotonic_time () < p->end_us)
    return;
  else if (p->n_purges >= MAX_PURGES)
    finish (p, "the client does not report all that was purged");
  else
    purge_rest (p);
}

/**
 * trib_kafka_end_rest:
 * @p: a publisher whose client is destroyed
 *
 * Fails what the client has never reported: it reads no payload and reports nothing any more.
 *
 * @thread: I/O
 * @locks: takes the publisher's
 */
void
trib_kafka_end_rest (TribKafkaPublisher *p)
{
  g_mutex_lock (&p->lock);
  p->closing = TRUE;
  while (p->sent.head)
    trib_kafka_settle_failed (p, p->sent.head->data, TRIB_KAFKA_FAILED_PURGED,
        "given up without a report of the client; it may have been written all the same");
  p->stats.loss_records_failed += p->stats.loss_records_pending;
  p->stats.loss_records_pending = 0;
  g_mutex_unlock (&p->lock);
}

/**
 * trib_kafka_end_run:
 * @p: a publisher
 *
 * Takes the step that is due.
 *
 * @thread: I/O
 * @locks: takes the publisher's
 *
 * Returns: whether frames are being given up
 */
gboolean
trib_kafka_end_run (TribKafkaPublisher *p)
{
  gboolean ending;

  g_mutex_lock (&p->lock);
  ending = p->end != TRIB_KAFKA_END_NONE || p->abandon || p->close;
  if (ending)
    step (p);
  g_mutex_unlock (&p->lock);
  return ending;
}
