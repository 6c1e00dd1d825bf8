/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-aligner-queue.h"

void
obs_item_free (ObsItem *item)
{
  switch (item->kind) {
    case OBS_ITEM_GROUP:
      obs_group_free (item->group);
      break;
    case OBS_ITEM_LATE:
      obs_payload_unref (item->late);
      break;
    case OBS_ITEM_EVENT:
      gst_event_unref (item->event);
      break;
  }
  g_free (item);
}

static ObsItem *
append (ObsQueue *queue, ObsItemKind kind)
{
  ObsItem *item = g_new0 (ObsItem, 1);

  item->kind = kind;
  g_queue_push_tail (&queue->items, item);
  return item;
}

/* @group: (transfer full) */
void
obs_queue_push_group (ObsQueue *queue, ObsGroup *group)
{
  append (queue, OBS_ITEM_GROUP)->group = group;
  queue->n_groups++;
  queue->records += group->n_members;
  queue->bytes += group->bytes;
}

/* @payload: (transfer full) */
void
obs_queue_push_late (ObsQueue *queue, ObsPayload *payload)
{
  append (queue, OBS_ITEM_LATE)->late = payload;
  queue->bytes += payload->record.len;
}

/* @event: (transfer full) */
void
obs_queue_push_event (ObsQueue *queue, GstEvent *event)
{
  append (queue, OBS_ITEM_EVENT)->event = event;
}

static ObsItem *
taken (ObsQueue *queue, ObsItem *item)
{
  if (item == NULL)
    return NULL;
  if (item->kind == OBS_ITEM_GROUP) {
    queue->n_groups--;
    queue->records -= item->group->n_members;
    queue->bytes -= item->group->bytes;
  } else if (item->kind == OBS_ITEM_LATE) {
    queue->bytes -= item->late->record.len;
  }
  return item;
}

/* (transfer full) (nullable) */
ObsItem *
obs_queue_pop (ObsQueue *queue)
{
  return taken (queue, g_queue_pop_head (&queue->items));
}

/* (transfer full) (nullable): the oldest that is no event: events are never dropped for room */
ObsItem *
obs_queue_pop_oldest_data (ObsQueue *queue)
{
  for (GList *l = queue->items.head; l; l = l->next) {
    ObsItem *item = l->data;

    if (item->kind != OBS_ITEM_EVENT) {
      g_queue_delete_link (&queue->items, l);
      return taken (queue, item);
    }
  }
  return NULL;
}

void
obs_queue_clear (ObsQueue *queue)
{
  ObsItem *item;

  while ((item = obs_queue_pop (queue)) != NULL)
    obs_item_free (item);
}
