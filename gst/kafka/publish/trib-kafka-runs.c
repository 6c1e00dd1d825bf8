/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a run says at its end, in a topic of its own: the indices that it had, by session and
 * stream, and what became of them. So a reader knows what is missing at the tail, and of which
 * nothing at all could be written. A run whose numbers cannot be written has lost nothing. */
#include "trib-kafka-publisher-private.h"

#include <string.h>

#define MAX_RUNS 256 /* streams of a publisher */
#define FIND_MS 200
#define FIND_TIMES 10
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
write_run (TribKafkaPublisher *p, rd_kafka_topic_t *rkt, TribKafkaRun *run)
{
  RunRecord *record = g_new0 (RunRecord, 1);
  TribKafkaRunEnd end = { run->session, run->stream, run->first, run->last, run->sent, run->linked,
    run->failed, g_get_real_time () * 1000 };
  rd_kafka_resp_err_t err;

  record->slot.kind = TRIB_KAFKA_TOPIC_RUNS;
  record->key = g_strdup_printf ("%s_%s", run->session, run->stream);
  record->json = g_string_sized_new (256);
  trib_kafka_layout_run (record->json, &end);
  p->runs_pending++;
  p->n_slots++;
  err = rd_kafka_producev (p->rk, RD_KAFKA_V_RKT (rkt),
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

/* Asks for the topic, which is made by that where the broker makes topics. The client would wait
 * for one that is not there. */
static rd_kafka_resp_err_t
find_topic (TribKafkaPublisher *p, rd_kafka_topic_t *rkt)
{
  rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR__TIMED_OUT;

  for (guint i = 0; i < FIND_TIMES; i++) {
    const rd_kafka_metadata_t *md = NULL;

    err = rd_kafka_metadata (p->rk, 0, rkt, &md, FIND_MS);
    if (!err && md->topic_cnt == 1) {
      err = md->topics[0].err;
      if (!err && md->topics[0].partition_cnt == 0)
        err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    if (md)
      rd_kafka_metadata_destroy (md);
    if (!err)
      break;
    g_usleep (FIND_MS * 1000 / FIND_TIMES);
  }
  return err;
}

/* Those that are over begin anew with the next frame. @locks: requires the publisher's, gives it
 * back while it waits */
static void
write_runs (TribKafkaPublisher *p, rd_kafka_topic_t *rkt)
{
  gint64 deadline = g_get_monotonic_time () + WRITE_US;

  for (guint i = 0; i < p->runs->len; i++) {
    TribKafkaRun *run = p->runs->pdata[i];

    if (!is_over (run))
      continue;
    write_run (p, rkt, run);
    run->sent = run->linked = run->failed = 0;
    /* one at a time, as partition queues begin */
    while (p->runs_pending > 0 && g_cond_wait_until (&p->changed, &p->lock, deadline))
      ;
    if (p->runs_pending > 0)
      break;
  }
  if (p->runs_pending > 0 && p->runs_why == NULL)
    p->runs_why = g_strdup ("it was not acknowledged in time");
}

/* @locks: takes the publisher's */
static gboolean
is_any_over (TribKafkaPublisher *p, gboolean *ret_connected)
{
  gboolean any = FALSE;

  g_mutex_lock (&p->lock);
  for (guint i = 0; i < p->runs->len; i++)
    any |= is_over (p->runs->pdata[i]);
  *ret_connected
      = p->ready[TRIB_KAFKA_GROUP_BINARY] && !p->fatal && p->link.state == TRIB_LINK_CONNECTED;
  g_mutex_unlock (&p->lock);
  return any;
}

/**
 * trib_kafka_publisher_end_run:
 * @p: a publisher, drained; none publishes meanwhile
 *
 * Writes the numbers of what was sent since the last call to the topic of runs. Waits for about two
 * seconds each to find the topic and to write to it. Not from a callback.
 *
 * Returns: (transfer full) (nullable): why they could not be written; %NULL: they are, or there
 *   are none
 */
gchar *
trib_kafka_publisher_end_run (TribKafkaPublisher *p)
{
  rd_kafka_resp_err_t err;
  rd_kafka_topic_t *rkt;
  gboolean connected;
  gchar *why;

  if (!is_any_over (p, &connected))
    return NULL;
  if (!connected)
    return g_strdup_printf ("%s: there is no connection", p->runs_topic);
  rkt = rd_kafka_topic_new (p->rk, p->runs_topic, NULL);
  err = find_topic (p, rkt);
  g_mutex_lock (&p->lock);
  if (!err)
    write_runs (p, rkt);
  why = err           ? g_strdup_printf ("%s: %s", p->runs_topic, rd_kafka_err2str (err))
        : p->runs_why ? g_strdup_printf ("%s: %s", p->runs_topic, p->runs_why)
                      : NULL;
  g_clear_pointer (&p->runs_why, g_free);
  g_mutex_unlock (&p->lock);
  rd_kafka_topic_destroy (rkt);
  return why;
}
