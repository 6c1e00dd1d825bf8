/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-kafka-cursor.h"
#include <kafka/layout/trib-kafka-layout.h>
#include "trib-kafka-candidate.h"

G_BEGIN_DECLS

/* The frames of one stream out of the topics of ARIA-1, in order, with what is missing between
 * them: docs/internals/kafka-reading.md. One thread drives it; set_flushing() is for any. */

typedef enum { TRIB_KAFKA_READ_BY_REGISTRY, TRIB_KAFKA_READ_BY_BYTES } TribKafkaReadBy;

/**
 * TribKafkaFramesConfig:
 * @client: settings of the clients; @max_queued_bytes is the bound on everything that is read ahead
 * @topics: names, by #TribKafkaTopic; the legacy topic is not read
 * @read_by: what is followed
 * @any_producer: records of the bytes topic have no identity: they get their order as index,
 *   @session and @stream as names (or the topic's, and "0"), the record's time as capture time
 * @session: (nullable): the only session that is wanted
 * @stream: (nullable): the only stream that is wanted
 * @in_process: the servers are the broker inside the process
 * @follow: wait for what is written later, and for topics that are not there
 * @check_crc: compare each payload with its CRC-32C
 */
typedef struct {
  TribKafkaConsumerConfig client;
  const gchar *topics[TRIB_KAFKA_N_TOPICS];
  TribKafkaReadBy read_by;
  gboolean any_producer;
  const gchar *session;
  const gchar *stream;
  gboolean in_process;
  gboolean follow;
  gboolean check_crc;
} TribKafkaFramesConfig;

/**
 * TribKafkaFramesCounts:
 * @records: of the followed topic that were read. At any moment records = frames + failed +
 *   filtered + implausible + before + duplicates + late + expired + damaged + malformed + flushed +
 *   pending
 * @frames: given
 * @failed: entries of frames that failed
 * @filtered: of other streams and sessions
 * @implausible: of the session that is given, far from its other frames, which went on without them
 * @before: of capture times before the one that was asked for
 * @duplicates: frames that were read before
 * @late: frames whose index had been skipped when they arrived
 * @expired: retention has removed the bytes, while the entry exists
 * @damaged: the bytes are not those that the entry describes, or cannot be read
 * @malformed: no entry, or no frame id as key
 * @flushed: read ahead when a seek arrived
 * @pending: read, not given yet
 * @cut: entries whose texts for people were too long, and are cut; of any outcome
 * @frame_bytes: bytes of @frames
 * @missing: frame indexes that nothing was seen of
 * @lost: records of the followed topic that retention removed before they were read
 */
typedef struct {
  guint64 records;
  guint64 frames;
  guint64 failed;
  guint64 filtered;
  guint64 implausible;
  guint64 before;
  guint64 duplicates;
  guint64 late;
  guint64 expired;
  guint64 damaged;
  guint64 malformed;
  guint64 flushed;
  guint64 pending;
  guint64 cut;
  guint64 frame_bytes;
  guint64 missing;
  guint64 lost;
} TribKafkaFramesCounts;

/**
 * TribKafkaFramesResult:
 * @TRIB_KAFKA_FRAMES_FRAME: @candidate and @message, the latter the caller's to clear; @n_missing
 *   in front of it
 * @TRIB_KAFKA_FRAMES_MISSING: @n_missing frames from @index on are not there, for @reason;
 *   @candidate where something is known of it
 * @TRIB_KAFKA_FRAMES_LOST: retention has removed @n_missing records of @partition
 * @TRIB_KAFKA_FRAMES_OTHER_STREAM: @candidate is skipped, the first frame of its stream that is
 * @TRIB_KAFKA_FRAMES_OTHER_SESSION: @candidate is skipped, the first frame of its session that is:
 *   another session is given, or another run of the same
 * @TRIB_KAFKA_FRAMES_MALFORMED: @text says what is wrong with a record; only the first is reported
 * @TRIB_KAFKA_FRAMES_NOTHING: there is no frame to give where reading began, for @reason; @text for
 *   people; each reason once a position
 * @TRIB_KAFKA_FRAMES_NO_BYTES: there is no bytes topic yet, while the registry names frames; it is
 *   waited for; @text for people; once
 * @TRIB_KAFKA_FRAMES_NO_METADATA: there is no metadata topic; likewise, but not waited for
 * @TRIB_KAFKA_FRAMES_LINK: @link, and @text for people
 */
typedef enum {
  TRIB_KAFKA_FRAMES_FRAME,
  TRIB_KAFKA_FRAMES_MISSING,
  TRIB_KAFKA_FRAMES_LOST,
  TRIB_KAFKA_FRAMES_OTHER_STREAM,
  TRIB_KAFKA_FRAMES_OTHER_SESSION,
  TRIB_KAFKA_FRAMES_MALFORMED,
  TRIB_KAFKA_FRAMES_NOTHING,
  TRIB_KAFKA_FRAMES_NO_BYTES,
  TRIB_KAFKA_FRAMES_NO_METADATA,
  TRIB_KAFKA_FRAMES_LINK,
  TRIB_KAFKA_FRAMES_END,
  TRIB_KAFKA_FRAMES_TIMEOUT,
  TRIB_KAFKA_FRAMES_FLUSHING,
  TRIB_KAFKA_FRAMES_ERROR,
} TribKafkaFramesResult;

/* pointers are valid until the next call */
typedef struct {
  const TribKafkaCandidate *candidate;
  TribKafkaMessage message;
  gboolean new_session;
  guint64 n_missing;
  guint64 index;
  const gchar *reason;
  const gchar *text;
  gint32 partition;
  TribLinkEvent link;
} TribKafkaFramesItem;

typedef struct _TribKafkaFrames TribKafkaFrames;

TribKafkaFrames *trib_kafka_frames_new (const TribKafkaFramesConfig *config, GError **error);
void trib_kafka_frames_free (TribKafkaFrames *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribKafkaFrames, trib_kafka_frames_free)

void trib_kafka_frames_seek (TribKafkaFrames *f, const TribKafkaPosition *position, gint64 from_ns);
TribKafkaFramesResult trib_kafka_frames_next (
    TribKafkaFrames *f, gint64 deadline, TribKafkaFramesItem *item, GError **error);
TribKafkaFramesResult trib_kafka_frames_get_metadata (TribKafkaFrames *f,
    const TribKafkaCandidate *s, gint64 deadline, TribKafkaMessage *ret_message,
    TribKafkaFramesItem *item);
void trib_kafka_frames_set_flushing (TribKafkaFrames *f, gboolean flushing);
void trib_kafka_frames_get_counts (TribKafkaFrames *f, TribKafkaFramesCounts *ret_counts);

G_END_DECLS
