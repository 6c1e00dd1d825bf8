/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <common/trib-index-set.h>
#include "trib-kafka-candidate.h"

G_BEGIN_DECLS

/* The frames of one stream in order of their indexes, run after run, and which indexes are missing
 * between them. What does not follow the run that is given waits until the stream confirms it.
 * Pure, one thread. */

/* how many later frames may be held while an index is missing; an index further ahead is a jump */
#define TRIB_KAFKA_INDEX_ORDER_FRAMES 16
/* Frames in sequence, without one of the present run between them, that confirm another run: more
 * than a producer that went astray writes in one batch, and few enough for a camera that was
 * started again not to be late. */
#define TRIB_KAFKA_INDEX_ORDER_CONFIRM 4
/* as many do once the present run is silent: its next frames would have arrived */
#define TRIB_KAFKA_INDEX_ORDER_CONFIRM_SILENT 2

typedef enum {
  TRIB_KAFKA_INDEX_ORDER_KEPT,
  TRIB_KAFKA_INDEX_ORDER_DUPLICATE,   /* a frame that was given, or is kept already */
  TRIB_KAFKA_INDEX_ORDER_LATE,        /* its index was skipped */
  TRIB_KAFKA_INDEX_ORDER_LATE_FAILED, /* likewise, and it says why it is missing */
  TRIB_KAFKA_INDEX_ORDER_ENDED,       /* of a session or run that has ended */
} TribKafkaIndexOrderResult;

/* what is known of frames that have not arrived */
typedef enum {
  TRIB_KAFKA_INDEX_ORDER_OPEN,    /* any may arrive */
  TRIB_KAFKA_INDEX_ORDER_SETTLED, /* what is missing now will not arrive */
  TRIB_KAFKA_INDEX_ORDER_SILENT,  /* likewise, and for longer than frames of the present run take */
  TRIB_KAFKA_INDEX_ORDER_OVER,    /* nothing will arrive any more */
} TribKafkaIndexOrderEnd;

typedef struct _TribKafkaIndexOrder TribKafkaIndexOrder;

TribKafkaIndexOrder *trib_kafka_index_order_new (guint64 max_bytes);
void trib_kafka_index_order_free (TribKafkaIndexOrder *o);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaIndexOrder, trib_kafka_index_order_free)

void trib_kafka_index_order_reset (TribKafkaIndexOrder *o);
/* @s: (transfer full) when KEPT, else it stays the caller's */
TribKafkaIndexOrderResult trib_kafka_index_order_add (
    TribKafkaIndexOrder *o, TribKafkaCandidate *s);
TribKafkaCandidate *trib_kafka_index_order_peek (
    TribKafkaIndexOrder *o, TribKafkaIndexOrderEnd end);
TribKafkaCandidate *trib_kafka_index_order_take_dropped (
    TribKafkaIndexOrder *o, gboolean *ret_other_session);
guint64 trib_kafka_index_order_get_missing (const TribKafkaIndexOrder *o);
guint64 trib_kafka_index_order_pass_missing (TribKafkaIndexOrder *o);
gboolean trib_kafka_index_order_is_new_run (const TribKafkaIndexOrder *o);
TribKafkaCandidate *trib_kafka_index_order_pop (TribKafkaIndexOrder *o);
gint64 trib_kafka_index_order_get_interval (const TribKafkaIndexOrder *o);
guint trib_kafka_index_order_get_length (const TribKafkaIndexOrder *o);

G_END_DECLS
