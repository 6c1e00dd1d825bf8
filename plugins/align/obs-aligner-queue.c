/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-aligner-queue.h"

void
obs_item_clear (ObsItem *item)
{
  switch (item->kind) {
    case OBS_ITEM_RESULT:
      trib_align_result_free (item->result);
      break;
    case OBS_ITEM_LATE:
      gst_buffer_unref (item->late);
      break;
    case OBS_ITEM_EVENT:
      gst_event_unref (item->event);
      break;
  }
}

void
obs_queue_init (ObsQueue *queue)
{
  *queue = (ObsQueue){ gst_queue_array_new_for_struct (sizeof (ObsItem), 64), 0, 0, 0 };
}

/* @sign: 1 when it is added, -1 when it is removed */
static void
count (ObsQueue *queue, const ObsItem *item, gint sign)
{
  if (item->kind == OBS_ITEM_RESULT) {
    queue->n_results += (guint) sign;
    queue->records += (guint64) ((gint64) sign * item->result->fused.n_answers);
    queue->bytes += (gsize) sign * item->result->bytes;
  } else if (item->kind == OBS_ITEM_LATE) {
    queue->bytes += (gsize) sign * gst_buffer_get_size (item->late);
  }
}

/* @item: its contents are the queue's from then on */
void
obs_queue_push (ObsQueue *queue, const ObsItem *item)
{
  gst_queue_array_push_tail_struct (queue->items, (gpointer) item);
  count (queue, item, 1);
}

/* @event: (transfer full) */
void
obs_queue_push_event (ObsQueue *queue, GstEvent *event)
{
  const ObsItem item = { OBS_ITEM_EVENT, .event = event };

  obs_queue_push (queue, &item);
}

/* @ret_item: (out caller-allocates): to be cleared by the caller */
gboolean
obs_queue_pop (ObsQueue *queue, ObsItem *ret_item)
{
  const ObsItem *item = gst_queue_array_pop_head_struct (queue->items);

  if (item == NULL)
    return FALSE;
  *ret_item = *item;
  count (queue, ret_item, -1);
  return TRUE;
}

/* the oldest that is no event: events are never dropped for lack of space */
gboolean
obs_queue_pop_oldest_data (ObsQueue *queue, ObsItem *ret_item)
{
  for (guint i = 0; i < gst_queue_array_get_length (queue->items); i++) {
    const ObsItem *item = gst_queue_array_peek_nth_struct (queue->items, i);

    if (item->kind == OBS_ITEM_EVENT)
      continue;
    gst_queue_array_drop_struct (queue->items, i, ret_item);
    count (queue, ret_item, -1);
    return TRUE;
  }
  return FALSE;
}
