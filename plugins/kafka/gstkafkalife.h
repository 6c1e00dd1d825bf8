/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <kafka/client/trib-kafka-broker.h>

#include "gstkafkasettings.h"

G_BEGIN_DECLS

/* The life of a Kafka element: it starts in READY and stops in NULL, and starts again on the way
 * to PAUSED when settings were changed in READY. */

typedef struct {
  /* OBJECT_LOCK */
  GstKafkaSettings settings;
  gchar *broker_address; /* NULL before the first start */
  guint n_changes_applied;

  /* from start to stop */
  TribKafkaBroker *broker; /* (nullable): the one inside the process */
  gboolean is_started;
  GstClockID posts; /* (nullable): of stats */
} GstKafkaLife;

/**
 * GstKafkaLifeFuncs:
 * @start: with the address of the brokers known; %FALSE and an error when the settings cannot be
 *   used
 * @stop: also after a start that failed; @again: a start follows, with settings that were changed
 * @change_state: the parent's
 */
typedef struct {
  gboolean (*start) (GstElement *element, GError **error);
  void (*stop) (GstElement *element, gboolean again);
  GstStateChangeReturn (*change_state) (GstElement *element, GstStateChange transition);
} GstKafkaLifeFuncs;

GstStateChangeReturn gst_kafka_life_change_state (GstKafkaLife *life,
    const GstKafkaLifeFuncs *funcs, GstElement *element, GstStateChange transition);
void gst_kafka_life_clear (GstKafkaLife *life);

G_END_DECLS
