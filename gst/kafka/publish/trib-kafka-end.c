/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The giving up of what is pending: of one publisher that goes on, of one that leaves, of the client.
 * The steps are taken by the I/O thread between its polls, so that the other publishers go on.
 *
 * The client can only be purged as a whole. Where nobody else has records in it, it is; else the
 * publisher's frames become orphans: counted as failed at once, their memory kept until the client
 * reports their records. */
#include "trib-kafka-publisher-private.h"

#define LAST_RECORDS_US G_TIME_SPAN_SECOND
#define PURGE_LIMIT_US (10 * G_TIME_SPAN_SECOND)
#define POLL_MS 10

static gboolean
nothing_left (const TribKafkaPublisher *p)
{
  return p->waiting.length == 0 && p->sent.length == 0 && p->accounts.loss_records_pending == 0;
}

/* what is in the client is of @p or of nobody; after a fatal error nothing of anybody will arrive */
static gboolean
may_purge (const TribKafkaClient *c, const TribKafkaPublisher *p)
{
  return c->fatal || c->n_slots == p->n_slots + c->n_orphan_slots;
}

/* Not under the lock, because it waits for the client's threads: nothing is handed over meanwhile.
 *
 * @locks: requires the client's, gives it back for a while */
static void
purge (TribKafkaClient *c)
{
  c->held = TRUE;
  g_mutex_unlock (&c->lock);
  rd_kafka_purge (c->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  g_mutex_lock (&c->lock);
  c->held = FALSE;
  trib_kafka_lanes_resume (c);
}

/* That frames are given up is written down when there is a broker to write it to, which is why what the
 * client has goes first: purging takes all that it has, also the entries of those that were given up
 * before. */
static void
begin (TribKafkaClient *c, TribKafkaPublisher *p)
{
  gboolean connected = p->link.state == TRIB_LINK_CONNECTED && !c->fatal;

  p->end_leaves = p->leaving;
  p->giving_up = TRUE;
  trib_kafka_lanes_purge (c, p, FALSE);
  if (p->n_slots > 0 && may_purge (c, p)) {
    purge (c);
    g_mutex_unlock (&c->lock);
    trib_kafka_client_poll (c, 0);
    g_mutex_lock (&c->lock);
  }
  while (p->waiting.head)
    trib_kafka_outcome_fail (p, p->waiting.head->data, TRIB_KAFKA_FAILED_PURGED,
        c->fatal ? c->fatal->message : "given up before it was sent: the sink stopped");
  p->end = END_LAST_RECORDS;
  p->end_us = g_get_monotonic_time () + (connected ? LAST_RECORDS_US : 0);
}

static void
finish (TribKafkaPublisher *p)
{
  p->giving_up = FALSE;
  p->closing = FALSE;
  p->abandon = FALSE;
  p->end = p->end_leaves ? END_SETTLED : END_NONE;
  g_cond_broadcast (&p->changed);
}

/* the moment for its last records is over */
static void
cut_off (TribKafkaClient *c, TribKafkaPublisher *p)
{
  p->closing = may_purge (c, p);
  /* its FAILED entries may still be written where the client goes on */
  trib_kafka_lanes_purge (c, p, p->closing);
  if (!nothing_left (p) && may_purge (c, p)) {
    p->closing = TRUE;
    p->end = END_PURGED;
    p->end_us = g_get_monotonic_time () + PURGE_LIMIT_US;
    purge (c);
    return;
  }
  trib_kafka_outcome_orphan (p);
  finish (p);
}

/* TRUE: the next step may be taken at once; @locks: requires the client's */
static gboolean
step (TribKafkaClient *c, TribKafkaPublisher *p)
{
  gboolean over = g_get_monotonic_time () >= p->end_us;

  switch (p->end) {
    case END_NONE:
      begin (c, p);
      return TRUE;
    case END_LAST_RECORDS:
      if (nothing_left (p))
        finish (p);
      else if (over)
        cut_off (c, p);
      return FALSE;
    case END_PURGED:
      if (!nothing_left (p) && !over)
        return FALSE;
      /* an entry that was sent since, and waits in its lane, would be counted as one that the client has */
      trib_kafka_lanes_purge (c, p, TRUE);
      trib_kafka_outcome_orphan (p);
      finish (p);
      return FALSE;
    default:
      return FALSE;
  }
}

/* @locks: requires the client's; only the I/O thread takes a publisher out */
static GPtrArray *
those_who_end (TribKafkaClient *c)
{
  GPtrArray *ending = NULL;

  for (GList *l = c->publishers.head; l; l = l->next) {
    TribKafkaPublisher *p = l->data;
    if (p->end == END_NONE && !p->abandon && !p->leaving)
      continue;
    if (ending == NULL)
      ending = g_ptr_array_new ();
    g_ptr_array_add (ending, p);
  }
  return ending;
}

/**
 * trib_kafka_end_run:
 * @c: a client
 *
 * Takes the steps that are due.
 *
 * @thread: I/O
 * @locks: takes the client's
 *
 * Returns: whether a publisher is at its end
 */
gboolean
trib_kafka_end_run (TribKafkaClient *c)
{
  g_autoptr (GPtrArray) ending = NULL;

  g_mutex_lock (&c->lock);
  ending = those_who_end (c);
  for (guint i = 0; ending && i < ending->len; i++)
    while (step (c, ending->pdata[i]))
      ;
  g_mutex_unlock (&c->lock);
  return ending != NULL;
}

/* polls until no record waits for its report */
static void
poll_reports (TribKafkaClient *c, gint64 limit_us)
{
  gint64 deadline = g_get_monotonic_time () + limit_us;

  while (c->n_slots > 0 && g_get_monotonic_time () < deadline) {
    g_mutex_unlock (&c->lock);
    trib_kafka_client_poll (c, POLL_MS);
    g_mutex_lock (&c->lock);
  }
}

/**
 * trib_kafka_end_client:
 * @c: a client without publishers
 *
 * What orphans have on its way gets a moment where there is a broker; then the rest is purged. Destroying the
 * client without that would leak every payload that is on its way.
 *
 * @thread: I/O
 * @locks: takes the client's
 */
void
trib_kafka_end_client (TribKafkaClient *c)
{
  g_mutex_lock (&c->lock);
  if (c->connected && !c->fatal)
    poll_reports (c, LAST_RECORDS_US);
  trib_kafka_lanes_expire (c, G_MAXINT64);
  if (c->n_slots > 0) {
    purge (c);
    poll_reports (c, PURGE_LIMIT_US);
  }
  g_mutex_unlock (&c->lock);
}
