/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <extract/trib-message-map.h>
#include <gst/gst.h>

G_BEGIN_DECLS

/* A rule of a mapping, applied to a message. */

/**
 * ObsMessageItems:
 * @bytes: MessagePack: a list of maps
 * @n: how many maps
 * @unconverted: values of the message that a record cannot hold
 */
typedef struct {
  GBytes *bytes;
  guint n;
  guint64 unconverted;
} ObsMessageItems;

gboolean obs_message_apply (const TribMessageRule *rule, const GstStructure *structure,
    GstElement *element, gsize max_bytes, ObsMessageItems *ret_items);

G_END_DECLS
