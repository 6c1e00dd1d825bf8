/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <kafka/layout/trib-kafka-names.h>
#include <kafka/trib-kafka-debug.h>
#include "trib-kafka-frames.h"
#include "trib-kafka-keyed.h"
#include "trib-kafka-earlier.h"
#include "trib-kafka-fetch.h"
#include "trib-kafka-time-order.h"
#include "trib-kafka-index-order.h"

G_BEGIN_DECLS

/* What the parts of the frames' reader share:
 *
 *   trib-kafka-frames.c          its life, and the next item
 *   trib-kafka-frames-intake.c   from the followed topic into the order of indexes
 *   trib-kafka-frames-give.c     out of it: bytes, and what is missing
 *   trib-kafka-frames-links.c    the connections of its clients; what frames without places lack
 *   trib-kafka-frames-notes.c    what is reported beside frames
 */

enum { FOLLOWED, BYTES, KEYED_BYTES, KEYED_METADATA, N_CLIENTS };

/* an item to give that does not depend on the next frame */
typedef struct {
  TribKafkaFramesResult result;
  TribKafkaCandidate *candidate; /* (nullable) */
  gchar *text;                   /* (nullable) */
} FramesNote;

struct _TribKafkaFrames {
  /* set once */
  TribKafkaCursor *cursor;
  TribKafkaFetch *fetch; /* NULL when the bytes themselves are followed */
  TribKafkaReadBy read_by;
  gchar *bytes_topic;
  gchar *metadata_topic;
  TribKafkaEarlier *earlier; /* NULL where times are not asked for */
  TribKafkaKeyed *keyed;     /* of producers that write no offsets */
  gboolean any_producer;
  gchar *wanted_session;
  gchar *wanted_stream;
  gboolean check_crc;

  /* the driving thread */
  TribJsonReader *reader;
  TribKafkaTimeOrder *by_time;
  TribKafkaIndexOrder *by_index;
  TribKafkaCandidate *current; /* given last */
  TribKafkaCandidate *unnamed; /* (nullable) taken last: its names are not known yet */
  gchar *stream;               /* the one that is given, NULL: not known yet */
  guint64 next_index;          /* with any_producer */
  GHashTable *reported;        /* streams and sessions that were reported */
  GQueue notes;
  FramesNote *note; /* given last */
  gint64 from_ns;
  gboolean new_session; /* none of its frames was given yet */
  guint64 gap;          /* frames that are missing since the last one given */
  const gchar *gap_reason;
  GHashTable *reasons;    /* reasons that entries gave, at most MAX_REASONS */
  gboolean lost;          /* retention has removed records since the last frame */
  gint64 caught_up_since; /* monotonic, -1: there is more */
  gboolean ended;
  gboolean by_broker;           /* a position by time is the broker's, still to be doubted */
  gboolean went_back;           /* it was not where frames of the time begin */
  TribKafkaFramesCounts before; /* the position that was sought last */
  TribKafkaNothing nothing;     /* of it, as it was reported */
  gchar *followed_topic;
  gchar *nothing_text; /* (nullable) given last */
  GPtrArray *others;   /* of text: not wanted, at most MAX_OTHERS */
  gboolean malformed_reported;
  gboolean no_bytes_reported; /* there is no such topic */
  gboolean no_metadata_reported;
  gboolean metadata_asked; /* whether there is that topic */
  TribLinkState links[N_CLIENTS];
  TribLinkState link; /* as it was reported last */

  GMutex lock;
  /* lock */
  TribKafkaFramesCounts counts;
};

#define COUNT(f, member, n)      \
  G_STMT_START                   \
  {                              \
    g_mutex_lock (&(f)->lock);   \
    (f)->counts.member += (n);   \
    g_mutex_unlock (&(f)->lock); \
  }                              \
  G_STMT_END

/* at once, so that the counters close at any moment */
#define COUNT_RECORD(f, member)  \
  G_STMT_START                   \
  {                              \
    g_mutex_lock (&(f)->lock);   \
    (f)->counts.records++;       \
    (f)->counts.member++;        \
    g_mutex_unlock (&(f)->lock); \
  }                              \
  G_STMT_END

void trib_kafka_frames_note_free (gpointer data);
void trib_kafka_frames_add_note (TribKafkaFrames *f, TribKafkaFramesResult result,
    TribKafkaCandidate *candidate, const gchar *text);
void trib_kafka_frames_note_no_bytes (TribKafkaFrames *f);
void trib_kafka_frames_note_no_metadata (TribKafkaFrames *f);
void trib_kafka_frames_note_malformed (
    TribKafkaFrames *f, gint32 partition, gint64 offset, const gchar *why);
void trib_kafka_frames_note_other (TribKafkaFrames *f, const TribKafkaCandidate *s);
TribKafkaFramesResult trib_kafka_frames_give_note (TribKafkaFrames *f, TribKafkaFramesItem *item);
gboolean trib_kafka_frames_give_nothing (
    TribKafkaFrames *f, TribKafkaFramesItem *item, TribKafkaIndexOrderEnd end);
gboolean trib_kafka_frames_take_link (
    TribKafkaFrames *f, guint client, const TribLinkEvent *event, TribKafkaFramesItem *item);
TribKafkaFramesResult trib_kafka_frames_pass_on (TribKafkaFrames *f, guint client,
    TribKafkaFetchResult result, const TribLinkEvent *link, TribKafkaFramesItem *item);
TribKafkaFramesResult trib_kafka_frames_find_names (
    TribKafkaFrames *f, gint64 deadline, TribKafkaFramesItem *item);
void trib_kafka_frames_settle (
    TribKafkaFrames *f, const TribKafkaCandidate *s, guint64 *counter, const gchar *outcome);
void trib_kafka_frames_leave_out_dropped (TribKafkaFrames *f);
void trib_kafka_frames_admit (TribKafkaFrames *f, TribKafkaCandidate *s);
void trib_kafka_frames_take_candidate (TribKafkaFrames *f, gint32 partition, TribKafkaCandidate *s);
TribKafkaFramesResult trib_kafka_frames_pump (
    TribKafkaFrames *f, gint64 deadline, TribKafkaFramesItem *item, GError **error);
const gchar *trib_kafka_frames_keep_reason (TribKafkaFrames *f, const gchar *reason);
TribKafkaFramesResult trib_kafka_frames_give (TribKafkaFrames *f, TribKafkaCandidate *s,
    gint64 deadline, TribKafkaFramesItem *item, GError **error);

G_END_DECLS
