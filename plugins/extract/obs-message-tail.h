/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "obs-message-book.h"

G_BEGIN_DECLS

/* Stands behind an analysing branch: buffers of any kind go in, records come out. Only messageextract makes it. */

#define OBS_TYPE_MESSAGE_TAIL (obs_message_tail_get_type ())
G_DECLARE_FINAL_TYPE (ObsMessageTail, obs_message_tail, OBS, MESSAGE_TAIL, GstElement)

GstElement *obs_message_tail_new (ObsMessageBook *book);
void obs_message_tail_set_names (
    ObsMessageTail *self, const gchar *source, const gchar *type, const gchar *usual_type);

G_END_DECLS
