/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "obs-aligner-fused.h"

G_BEGIN_DECLS

/* What has left the aligner and waits for the thread that pushes it: in order, counted in items,
 * records and bytes. No lock of its own. */

typedef enum {
  OBS_ITEM_GROUP, /* to src, as a fused record */
  OBS_ITEM_LATE,  /* to the late pad, as it came */
  OBS_ITEM_EVENT, /* to src */
} ObsItemKind;

typedef struct {
  ObsItemKind kind;
  union {
    ObsGroup *group;
    ObsPayload *late;
    GstEvent *event;
  };
} ObsItem;

typedef struct {
  GQueue items;
  guint n_groups;
  guint64 records; /* in those groups */
  gsize bytes;     /* of groups and late records */
} ObsQueue;

void obs_item_free (ObsItem *item);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ObsItem, obs_item_free)

void obs_queue_push_group (ObsQueue *queue, ObsGroup *group);
void obs_queue_push_late (ObsQueue *queue, ObsPayload *payload);
void obs_queue_push_event (ObsQueue *queue, GstEvent *event);
ObsItem *obs_queue_pop (ObsQueue *queue);
ObsItem *obs_queue_pop_oldest_data (ObsQueue *queue);
void obs_queue_clear (ObsQueue *queue);

G_END_DECLS
