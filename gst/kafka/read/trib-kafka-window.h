/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <common/trib-index-set.h>
#include "trib-kafka-sighting.h"

G_BEGIN_DECLS

/* The frames of one stream in order of their indexes, session after session, and which indexes are missing
 * between them. Pure, one thread. */

/* an index may be waited for until so many later ones are there */
#define TRIB_KAFKA_WINDOW_FRAMES 16

typedef enum {
  TRIB_KAFKA_WINDOW_KEPT,
  TRIB_KAFKA_WINDOW_DUPLICATE,   /* a frame that was given, or is kept already */
  TRIB_KAFKA_WINDOW_LATE,        /* its index was passed over */
  TRIB_KAFKA_WINDOW_LATE_FAILED, /* likewise, and it says why it is missing */
  TRIB_KAFKA_WINDOW_LEFT,        /* of a session that was left */
} TribKafkaWindowResult;

typedef struct _TribKafkaWindow TribKafkaWindow;

TribKafkaWindow *trib_kafka_window_new (guint64 max_bytes);
void trib_kafka_window_free (TribKafkaWindow *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaWindow, trib_kafka_window_free)

void trib_kafka_window_reset (TribKafkaWindow *w);
/* @s: (transfer full) when KEPT, else it stays the caller's */
TribKafkaWindowResult trib_kafka_window_add (TribKafkaWindow *w, TribKafkaSighting *s);
TribKafkaSighting *trib_kafka_window_peek (TribKafkaWindow *w, gboolean complete);
guint64 trib_kafka_window_get_missing (const TribKafkaWindow *w);
guint64 trib_kafka_window_pass_missing (TribKafkaWindow *w);
gboolean trib_kafka_window_is_new_session (const TribKafkaWindow *w);
TribKafkaSighting *trib_kafka_window_pop (TribKafkaWindow *w);
guint trib_kafka_window_get_length (const TribKafkaWindow *w);

G_END_DECLS
