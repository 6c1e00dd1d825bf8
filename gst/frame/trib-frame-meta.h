/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <common/trib-export.h>

G_BEGIN_DECLS

/* Frame identity on a buffer: a GstCustomMeta without tags, because such a meta survives encoders,
 * converters, scalers and decoders (a decoded frame keeps no key-frame flag, but keeps this). */

#define TRIB_FRAME_META_NAME "TribFrameMeta"

/* where a capture time comes from */
typedef enum {
  TRIB_TIME_SOURCE_META,         /* "meta": another element or the application stamped it */
  TRIB_TIME_SOURCE_REFERENCE,    /* "reference": GstReferenceTimestampMeta, timestamp/x-unix */
  TRIB_TIME_SOURCE_RUNNING_TIME, /* "running-time": wall time of the stream's start + running time
                                  */
  TRIB_TIME_SOURCE_WALL,         /* "wall": the wall clock when the frame was first seen */
} TribTimeSource;

/**
 * TribFrameInfo:
 * @session: session id (see trib_session_id_check())
 * @stream: stream id (see trib_stream_id_check())
 * @index: frame index within the stream, from 0
 * @t_ns: capture time, nanoseconds since the Unix epoch
 * @key: whether the frame can be decoded by itself
 * @time_source: where @t_ns comes from
 * @format: (nullable): how the frame was compressed: "raw", "jpeg", "png", "webp"; NULL: not said
 * @quality: the encoder's quality, -1 when it has none
 * @original_size: bytes of the packed RGB or GRAY8 picture, 0 when not said
 * @channels: 3 (RGB) or 1 (GRAY8), 0 when not said
 *
 * Strings given out by trib_frame_meta_get() belong to the buffer and live as long as its meta.
 */
typedef struct {
  const gchar *session;
  const gchar *stream;
  guint64 index;
  gint64 t_ns;
  gboolean key;
  TribTimeSource time_source;
  const gchar *format;
  gint quality;
  guint64 original_size;
  guint channels;
} TribFrameInfo;

/* idempotent, any thread; called by the functions below */
TRIB_API void trib_frame_meta_register (void);
TRIB_API gboolean trib_frame_meta_get (GstBuffer *buffer, TribFrameInfo *ret_info);
/* replaces a present one; @buffer must be writable */
TRIB_API void trib_frame_meta_set (GstBuffer *buffer, const TribFrameInfo *info);
TRIB_API const gchar *trib_time_source_to_string (TribTimeSource source);
TRIB_API gboolean trib_time_source_from_string (const gchar *text, TribTimeSource *ret_source);

G_END_DECLS
