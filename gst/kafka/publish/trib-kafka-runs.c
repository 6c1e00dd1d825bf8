/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a run says at its end, in a topic of its own: the indices that it had, by session and
 * stream, and what became of them. So a reader knows what is missing at the tail, and of which
 * nothing at all could be written. A run whose numbers cannot be written has lost nothing. */
#include "trib-kafka-publisher-private.h"

#include <string.h>

#define MAX_RUNS 256 /* streams of a publisher */
#define WRITE_US (2 * G_TIME_SPAN_SECOND)

/* its numbers on their way */
typedef struct {
  TribKafkaSlot slot; /* of no frame and no topic with partition queues */
  gchar *key;
  GString *json;
} RunRecord;

void
trib_kafka_runs_free (gpointer data)
{
  TribKafkaRun *run = data;

  g_free (run->session);
  g_free (run->stream);
  g_free (run);
}

/* (nullable): there are too many of them */
static TribKafkaRun *
find_run (TribKafkaPublisher *p, const TribKafkaFrame *frame)
{
  TribKafkaRun *run = p->last_run;

  if (run && g_str_equal (run->session, frame->session) && g_str_equal (run->stream, frame->stream))
    return run;
  for (guint i = 0; i < p->runs->len; i++) {
    run = p->runs->pdata[i];
    if (g_str_equal (run->session, frame->session) && g_str_equal (run->stream, frame->stream))
      return p->last_run = run;
  }
  if (p->runs->len >= MAX_RUNS) {
    if (!p->runs_cut)
      PUBLISHER_LOG (
          p, TRIB_LOG_WARNING, "more than %d streams: their ends are not written", MAX_RUNS);
    p->runs_cut = TRUE;
    return NULL;
  }
  run = g_new0 (TribKafkaRun, 1);
  run->session = g_strdup (frame->session);
  run->stream = g_strdup (frame->stream);
  g_ptr_array_add (p->runs, run);
  return p->last_run = run;
}

/* a frame counts from here on; @locks: requires the publisher's */
void
trib_kafka_runs_count (TribKafkaPublisher *p, TribKafkaPending *frame)
{
  TribKafkaRun *run;

  if (p->runs_topic == NULL || frame->form != TRIB_KAFKA_FORM_BINARY)
    return;
  run = frame->run = find_run (p, &frame->desc);
  if (run == NULL)
    return;
  run->first = run->sent == 0 ? frame->desc.index : MIN (run->first, frame->desc.index);
  run->last = run->sent == 0 ? frame->desc.index : MAX (run->last, frame->desc.index);
  run->sent++;
}

/* it has its outcome; @locks: requires the publisher's */
void
trib_kafka_runs_settled (TribKafkaPending *frame, gboolean linked)
{
  if (frame->run == NULL)
    return;
  frame->run->linked += linked;
  frame->run->failed += !linked;
}

/* the client's report of a record of a run; @locks: requires the publisher's */
void
trib_kafka_runs_reported (TribKafkaPublisher *p, TribKafkaSlot *slot, const TribKafkaReport *report)
{
  RunRecord *record = (RunRecord *) slot;

  if (report->err || report->offset < 0) {
    g_free (p->runs_why);
    p->runs_why = g_strdup (rd_kafka_err2str (report->err));
    p->runs_found &= !trib_kafka_queues_is_away (report->err);
  }
  p->runs_pending--;
  g_free (record->key);
  g_string_free (record->json, TRUE);
  g_free (record);
  g_cond_broadcast (&p->changed);
}

static gboolean
is_over (const TribKafkaRun *run)
{
  return run->sent > 0 && run->linked + run->failed == run->sent;
}

/* @locks: requires the publisher's */
static void
write_run (TribKafkaPublisher *p, TribKafkaRun *run)
{
  RunRecord *record = g_new0 (RunRecord, 1);
  TribKafkaRunEnd end = { run->session, run->stream, run->first, run->last, run->sent, run->linked,
    run->failed, g_get_real_time () * 1000 };
  rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__STATE;

  record->slot.kind = TRIB_KAFKA_TOPIC_RUNS;
  record->key = g_strdup_printf ("%s_%s", run->session, run->stream);
  record->json = g_string_sized_new (256);
  trib_kafka_layout_run (record->json, &end);
  p->runs_pending++;
  p->n_slots++;
  /* it has none while another client takes the place of one that has ended itself */
  if (p->runs_rkt)
    err = rd_kafka_producev (p->rk, RD_KAFKA_V_RKT (p->runs_rkt),
        RD_KAFKA_V_PARTITION (RD_KAFKA_PARTITION_UA), RD_KAFKA_V_MSGFLAGS (0),
        RD_KAFKA_V_KEY (record->key, strlen (record->key)),
        RD_KAFKA_V_VALUE (record->json->str, record->json->len), RD_KAFKA_V_OPAQUE (&record->slot),
        RD_KAFKA_V_END);
  if (err) {
    TribKafkaReport report = { err, -1, RD_KAFKA_MSG_STATUS_NOT_PERSISTED, record->json->len };
    p->n_slots--;
    trib_kafka_runs_reported (p, &record->slot, &report);
  }
}

/* Whether preflight asks for the topic of runs, which is made by that where the broker makes
 * topics. The client would wait for one that is not there. Where there is none, the number of
 * questions is bounded.
 * @locks: requires the publisher's */
gboolean
trib_kafka_runs_must_ask (const TribKafkaPublisher *p)
{
  return p->runs_asks > 0 && !p->runs_found && p->n_partitions[TRIB_KAFKA_GROUP_BINARY] > 0;
}

/* @thread: I/O @locks: takes the publisher's */
void
trib_kafka_runs_answered (TribKafkaPublisher *p, const rd_kafka_metadata_topic_t *answer)
{
  g_mutex_lock (&p->lock);
  p->runs_err = answer && answer->err ? answer->err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  p->runs_found = answer && !answer->err && answer->partition_cnt > 0;
  if (trib_kafka_runs_must_ask (p))
    p->runs_asks--;
  g_cond_broadcast (&p->changed);
  g_mutex_unlock (&p->lock);
}

/* It was asked for since the start, and is asked for once more in case it was made since. @locks:
 * requires the publisher's, gives it back while it waits; a flush ends the wait */
static gboolean
find_topic (TribKafkaPublisher *p, guint timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) timeout_ms * 1000;

  p->runs_asks = MAX (p->runs_asks, 1);
  while (!p->runs_found && p->runs_asks > 0 && !p->flushing
         && g_cond_wait_until (&p->changed, &p->lock, deadline))
    ;
  return p->runs_found;
}

/* Those that are over begin anew with the next frame. @locks: requires the publisher's, gives it
 * back while it waits */
static void
write_runs (TribKafkaPublisher *p)
{
  gint64 deadline = g_get_monotonic_time () + WRITE_US;

  for (guint i = 0; i < p->runs->len; i++) {
    TribKafkaRun *run = p->runs->pdata[i];

    if (!is_over (run))
      continue;
    write_run (p, run);
    run->sent = run->linked = run->failed = 0;
    /* one at a time, as partition queues begin */
    while (
        p->runs_pending > 0 && !p->flushing && g_cond_wait_until (&p->changed, &p->lock, deadline))
      ;
    if (p->runs_pending > 0)
      break;
  }
  if (p->runs_pending > 0 && p->runs_why == NULL)
    p->runs_why = g_strdup ("it was not acknowledged in time");
}

/* @locks: requires the publisher's */
static gboolean
is_any_over (const TribKafkaPublisher *p)
{
  for (guint i = 0; i < p->runs->len; i++)
    if (is_over (p->runs->pdata[i]))
      return TRUE;
  return FALSE;
}

/* @locks: requires the publisher's, gives it back while it waits */
static const gchar *
end_run (TribKafkaPublisher *p, guint timeout_ms)
{
  if (!is_any_over (p))
    return NULL;
  if (p->n_partitions[TRIB_KAFKA_GROUP_BINARY] == 0 || p->fatal
      || p->link.state != TRIB_LINK_CONNECTED)
    return "there is no connection";
  if (!find_topic (p, timeout_ms))
    return p->runs_err ? rd_kafka_err2str (p->runs_err) : "the broker has not yet named it";
  write_runs (p);
  return p->runs_why;
}

/**
 * trib_kafka_publisher_end_run:
 * @p: a publisher, drained; none publishes meanwhile
 * @timeout_ms: how long to wait at most until the topic of runs is found
 *
 * Writes the numbers of what was sent since the last call to the topic of runs, and waits for about
 * two seconds at most until they are acknowledged. trib_kafka_publisher_set_flushing() ends both
 * waits. Not from a callback.
 *
 * Returns: (transfer full) (nullable): why they could not be written; %NULL: they are, or there
 *   are none
 */
gchar *
trib_kafka_publisher_end_run (TribKafkaPublisher *p, guint timeout_ms)
{
  const gchar *reason;
  gchar *why;

  g_mutex_lock (&p->lock);
  reason = end_run (p, timeout_ms);
  why = reason ? g_strdup_printf ("%s: %s", p->runs_topic, reason) : NULL;
  g_clear_pointer (&p->runs_why, g_free);
  g_mutex_unlock (&p->lock);
  return why;
}
