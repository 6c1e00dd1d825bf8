/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <socket/trib-socket-place.h>

G_BEGIN_DECLS

/* What obssink and obssrc share. */

#define OBS_SOCKET_DEFAULT_MODE 0600
#define OBS_SOCKET_DEFAULT_MAX_CLIENTS 64
#define OBS_SOCKET_DEFAULT_MAX_BYTES (16 * 1024 * 1024)

typedef enum { OBS_SOCKET_RECORDS, OBS_SOCKET_TEXT } ObsSocketFormat;

typedef enum { OBS_SOCKET_BARE, OBS_SOCKET_LENGTH_HEADER } ObsSocketFraming;

/* @open_code: %GST_RESOURCE_ERROR_OPEN_READ or _OPEN_WRITE, for errors that neither the properties
 *   nor another process
 * explain */
static inline void
obs_socket_post_error (GstElement *element, const GError *error, GstResourceError open_code)
{
  GstResourceError code = error->code == TRIB_SOCKET_ERROR_LOCATION ? GST_RESOURCE_ERROR_SETTINGS
                          : error->code == TRIB_SOCKET_ERROR_IN_USE ? GST_RESOURCE_ERROR_BUSY
                                                                    : open_code;

  gst_element_message_full (element, GST_MESSAGE_ERROR, GST_RESOURCE_ERROR, code,
      g_strdup_printf ("Cannot open the socket or FIFO: %s.", error->message), NULL, __FILE__,
      GST_FUNCTION, __LINE__);
}

G_END_DECLS
