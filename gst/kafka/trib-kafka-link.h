/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Whether the broker can be reached, judged by whether deliveries make progress: error events alone
 * say little, because the client reconnects by itself. Pure: times are handed in (monotonic, us).
 */

typedef enum {
  TRIB_KAFKA_LINK_CONNECTING, /* no answer yet */
  TRIB_KAFKA_LINK_CONNECTED,
  TRIB_KAFKA_LINK_DEGRADED, /* trouble was reported, or frames wait longer than they should */
  TRIB_KAFKA_LINK_DOWN,     /* and it has lasted */
} TribKafkaLinkState;

#define TRIB_KAFKA_LINK_DEGRADED_US (1500 * G_TIME_SPAN_MILLISECOND)
#define TRIB_KAFKA_LINK_DOWN_US (3 * G_TIME_SPAN_SECOND)

/**
 * TribKafkaLinkEvent:
 * @state: the state now
 * @previous: the state before
 * @recovered: whether this is the end of an outage
 * @previous_us: how long the previous state lasted
 * @outage_us: with @recovered: since the trouble began
 */
typedef struct {
  TribKafkaLinkState state;
  TribKafkaLinkState previous;
  gboolean recovered;
  gint64 previous_us;
  gint64 outage_us;
} TribKafkaLinkEvent;

typedef struct {
  TribKafkaLinkState state;
  gint64 since;         /* when `state` was entered */
  gint64 trouble_since; /* -1: none */
  gint64 last_progress;
  guint64 outages;
} TribKafkaLink;

void trib_kafka_link_init (TribKafkaLink *link, gint64 now);
gboolean trib_kafka_link_progress (TribKafkaLink *link, gint64 now, TribKafkaLinkEvent *ret_event);
gboolean trib_kafka_link_trouble (TribKafkaLink *link, gint64 now, TribKafkaLinkEvent *ret_event);
gboolean trib_kafka_link_tick (
    TribKafkaLink *link, gint64 now, gint64 oldest_pending, TribKafkaLinkEvent *ret_event);
const gchar *trib_kafka_link_state_to_string (TribKafkaLinkState state);

G_END_DECLS
