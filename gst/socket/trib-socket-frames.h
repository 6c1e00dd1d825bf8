/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-socket-receiver.h"

G_BEGIN_DECLS

/* Frames behind headers in a FIFO (contract OBS-10): u32 length, u64 frame id, u64 capture time,
 * little-endian, then one JPEG. Read by the caller's thread: the FIFO is the queue, and a caller
 * that is slow blocks the writer. */

#define TRIB_SOCKET_HEADER_BYTES 20

typedef struct {
  guint32 len; /* of the JPEG */
  guint64 frame_id;
  gint64 t_ns;
} TribSocketFrameHeader;

void trib_socket_frame_header_write (
    const TribSocketFrameHeader *header, guint8 ret[TRIB_SOCKET_HEADER_BYTES]);
TribSocketFrameHeader trib_socket_frame_header_read (const guint8 bytes[TRIB_SOCKET_HEADER_BYTES]);

typedef struct {
  const gchar *location;
  guint mode;      /* of the FIFO, if it is made */
  gsize max_bytes; /* of a frame */
} TribSocketFramesConfig;

typedef struct {
  TribSocketFrameHeader header;
  guint64 writer;    /* from 1 on: another one, another series of frame ids */
  gint64 arrival_us; /* of the last byte, monotonic */
  guint8 *data;      /* for g_free() */
} TribSocketFrame;

typedef enum {
  TRIB_SOCKET_FRAMES_OK,
  TRIB_SOCKET_FRAMES_FLUSHING,
  TRIB_SOCKET_FRAMES_LOST, /* where frames begin cannot be known any more */
} TribSocketFramesRead;

typedef struct _TribSocketFrames TribSocketFrames;

TribSocketFrames *trib_socket_frames_new (const TribSocketFramesConfig *config,
    TribSocketReceiverNotify notify, gpointer user_data, GError **error);
void trib_socket_frames_stop (TribSocketFrames *f);
void trib_socket_frames_free (TribSocketFrames *f);

TribSocketFramesRead trib_socket_frames_read (
    TribSocketFrames *f, TribSocketFrame *ret, GError **error);
void trib_socket_frames_set_flushing (TribSocketFrames *f, gboolean flushing);
void trib_socket_frames_get_counts (TribSocketFrames *f, TribSocketCounts *ret);

G_END_DECLS
