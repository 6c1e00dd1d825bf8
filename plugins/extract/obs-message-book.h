/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <extract/trib-message-map.h>
#include <gst/gst.h>

G_BEGIN_DECLS

/* The frames that are inside an analysing branch, and what its messages say of them: which message belongs to which frame, and
 * what is known of a frame when its buffer comes out. Any thread; nothing is pushed or posted from here. */

/* what is remembered of a frame */
typedef struct {
  guint64 ticket; /* from 1 on; 0: no frame that went in */
  GstClockTime pts, duration;
  GstClockTime running_time, stream_time;
  gboolean has_identity;
  guint64 frame_id;
  gint64 t_ns;
  gint64 entered; /* us, monotonic */
  guint width, height;
} ObsFlight;

/* what one message says, in MessagePack: a list of maps */
typedef struct {
  TribMessageMap *map; /* keeps @rule */
  const TribMessageRule *rule;
  gchar *type;
  GBytes *items;
  guint n_items;
  guint width, height;
  gboolean has_own_time;
  GstClockTime pts, running_time, duration;
  guint64 ticket; /* of the frame that is meant; 0: the next one that comes out */
} ObsMessage;

/* why a frame leaves the book */
typedef enum {
  OBS_ANSWER_CAME_OUT,  /* its buffer did */
  OBS_ANSWER_SWALLOWED, /* a later one did, or the stream ended */
  OBS_ANSWER_LATE,      /* it left before, and something was said of it since */
  OBS_ANSWER_OWN_TIME,  /* no frame: messages with a time of their own */
} ObsAnswerKind;

/**
 * ObsAnswer:
 * @kind: why
 * @flight: the frame
 * @messages: (element-type ObsMessage): what was said of it
 * @took: us from going in to coming out
 */
typedef struct {
  ObsAnswerKind kind;
  ObsFlight flight;
  GPtrArray *messages;
  gint64 took;
} ObsAnswer;

typedef struct {
  guint64 frames_in, frames_answered, frames_swallowed, frames_flushed, frames_inside;
  guint64 buffers_out;
  guint64 messages_in, messages_mapped, messages_unknown, messages_dropped, messages_pending;
  guint64 messages_late;
  guint64 pending_bytes;
  guint64 values_unconverted;
  guint64 records_mapped, records_regions, records_empty, records_skipped, records_passed;
  guint64 records_out, records_refused;
} ObsBookCounters;

typedef struct _ObsMessageBook ObsMessageBook;

ObsMessageBook *obs_message_book_new (void);
ObsMessageBook *obs_message_book_ref (ObsMessageBook *book);
void obs_message_book_unref (ObsMessageBook *book);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ObsMessageBook, obs_message_book_unref)

void obs_message_book_start (ObsMessageBook *book, TribMessageMap *map);
void obs_message_book_set_input (ObsMessageBook *book, const GstCaps *caps);
gboolean obs_message_book_has_frames (ObsMessageBook *book);
void obs_message_book_enter (ObsMessageBook *book, GstBuffer *buffer, const GstSegment *segment);
void obs_message_book_given (ObsMessageBook *book, gconstpointer element, GstClockTime pts);
void obs_message_book_forget (ObsMessageBook *book, gconstpointer element);
gboolean obs_message_book_note (
    ObsMessageBook *book, const GstStructure *structure, GstElement *element);

GPtrArray *obs_message_book_leave (
    ObsMessageBook *book, GstBuffer *buffer, const GstSegment *segment);
GPtrArray *obs_message_book_until (ObsMessageBook *book, GstClockTime pts);
GPtrArray *obs_message_book_drain (ObsMessageBook *book);
void obs_message_book_flush (ObsMessageBook *book);
void obs_message_book_drop_messages (ObsMessageBook *book);

void obs_message_book_counters (ObsMessageBook *book, ObsBookCounters *ret_counters);
void obs_message_book_add (ObsMessageBook *book, gsize offset_of_counter, guint64 n);
#define obs_message_book_count(book, counter, n) \
  obs_message_book_add ((book), G_STRUCT_OFFSET (ObsBookCounters, counter), (n))

G_END_DECLS
