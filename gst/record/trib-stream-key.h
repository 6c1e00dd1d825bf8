/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-record-envelope.h"

G_BEGIN_DECLS

/* The stream of pictures that a frame or a record is of: its session and its stream id, as frame
 * identities have them. Two frames with one frame id and different keys are two frames. %NULL is
 * the key of what does not say both: it may be of any stream. Immutable; any thread. */

/**
 * TribStreamKey:
 * @session: session id
 * @stream: stream id
 */
typedef struct {
  gatomicrefcount refs;
  const gchar *session;
  const gchar *stream;
} TribStreamKey;

TribStreamKey *trib_stream_key_new (const gchar *session, const gchar *stream);
TribStreamKey *trib_stream_key_from_record (const TribRecordEnvelope *e);
TribStreamKey *trib_stream_key_ref (TribStreamKey *key);
void trib_stream_key_unref (TribStreamKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribStreamKey, trib_stream_key_unref)

gboolean trib_stream_key_equal (gconstpointer a, gconstpointer b);
guint trib_stream_key_hash (gconstpointer key);
gboolean trib_stream_key_is_of (const TribStreamKey *key, const TribRecordEnvelope *e);
void trib_stream_key_to_record (const TribStreamKey *key, TribRecordEnvelope *e);

G_END_DECLS
