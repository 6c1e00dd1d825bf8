/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <common/trib-log.h>

G_BEGIN_DECLS

/* To be called once, in plugin_init(), before any element is registered: binds the log hook of this
 * plugin's libraries to GStreamer's debug log, and makes their categories known to
 * --gst-debug-help. */
void trib_element_log_bind (TribLogCategory *first, ...) G_GNUC_NULL_TERMINATED;

G_END_DECLS
