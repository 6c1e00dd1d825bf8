/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstqueuearray.h>

#include "obs-aligner-payload.h"

G_BEGIN_DECLS

/* The output queue: results, late records and events that wait for the thread that pushes them, in
 * order, counted in items, records and bytes. No lock of its own. */

typedef enum {
  OBS_ITEM_RESULT, /* to src, as a fused record */
  OBS_ITEM_LATE,   /* to the late pad, unchanged */
  OBS_ITEM_EVENT,  /* to src */
} ObsItemKind;

typedef struct {
  ObsItemKind kind;
  union {
    TribAlignResult *result;
    GstBuffer *late;
    GstEvent *event;
  };
  GstClockTime pts;        /* of the result */
  guint n_behind;          /* results in the queue when it was taken out */
  TribRecordFormat format; /* of the late record */
} ObsItem;

typedef struct {
  GstQueueArray *items; /* of ObsItem */
  guint n_results;
  guint64 records; /* in those results */
  gsize bytes;     /* of results and late records */
} ObsQueue;

void obs_item_clear (ObsItem *item);
void obs_queue_init (ObsQueue *queue);
void obs_queue_push (ObsQueue *queue, const ObsItem *item);
void obs_queue_push_event (ObsQueue *queue, GstEvent *event);
gboolean obs_queue_pop (ObsQueue *queue, ObsItem *ret_item);
gboolean obs_queue_pop_oldest_data (ObsQueue *queue, ObsItem *ret_item);

G_END_DECLS
