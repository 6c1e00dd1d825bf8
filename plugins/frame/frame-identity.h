/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include <frame/trib-frame-stamper.h>

G_BEGIN_DECLS

/* What elements that give frames an identity have in common: three properties, and the stamper that
 * they steer. An id that is set wins over that of a buffer; one that is not is the buffer's. */

typedef enum {
  FRAME_IDENTITY_SESSION,
  FRAME_IDENTITY_STREAM,
  FRAME_IDENTITY_TIME_ORIGIN,
  FRAME_IDENTITY_PARTS
} FrameIdentityPart;

/* as the properties say, in this order from the first one's id on; all in text */
typedef struct {
  gchar *part[FRAME_IDENTITY_PARTS]; /* session: NULL: made at start; time origin: NULL: found */
} FrameIdentitySettings;

/* rows of a property table; AT gives the offset of a member, of which `identity` is the settings */
#define FRAME_IDENTITY_SESSION_ROW(AT)                                                       \
  {                                                                                          \
    TRIB_PROPERTY_TEXT, "session-id", "Session id",                                          \
        "Session of the frames; when not set, the one that a frame carries, else a new one " \
        "at each start",                                                                     \
        AT (identity.part[FRAME_IDENTITY_SESSION]), .is_nullable = TRUE                      \
  }
#define FRAME_IDENTITY_STREAM_ROW(AT)                                                    \
  {                                                                                      \
    TRIB_PROPERTY_TEXT, "stream-id", "Stream id",                                        \
        "Stream of the frames; may not contain '_'; when not set, the one that a frame " \
        "carries, else the default",                                                     \
        AT (identity.part[FRAME_IDENTITY_STREAM]), .text = "video-0"                     \
  }
#define FRAME_IDENTITY_TIME_ORIGIN_ROW(AT)                                                \
  {                                                                                       \
    TRIB_PROPERTY_TEXT, "time-origin", "Time origin",                                     \
        "Capture time at running time 0: ISO 8601 (UTC without a zone), or nanoseconds "  \
        "since 1970; when not set, by the wall clock, or the container's date of a file", \
        AT (identity.part[FRAME_IDENTITY_TIME_ORIGIN]), .is_nullable = TRUE               \
  }

typedef struct {
  /* OBJECT_LOCK */
  GError *bad[FRAME_IDENTITY_PARTS];     /* why start must fail */
  gboolean is_set[FRAME_IDENTITY_PARTS]; /* explicitly */
  gchar *in_use[FRAME_IDENTITY_PARTS];   /* of the last frame; written on the streaming thread */

  /* streaming thread, or a state change while the pads are inactive */
  gchar *own[FRAME_IDENTITY_PARTS]; /* of frames without an identity */
  gboolean wins[FRAME_IDENTITY_PARTS];
  TribFrameStamper stamper;
} FrameIdentity;

gboolean frame_identity_accept (
    FrameIdentity *self, GstElement *element, FrameIdentityPart part, const gchar *value);
void frame_identity_read (
    FrameIdentity *self, GstElement *element, FrameIdentityPart part, GValue *value);
gboolean frame_identity_start (
    FrameIdentity *self, GstElement *element, const FrameIdentitySettings *settings);
gboolean frame_identity_stamp (FrameIdentity *self, GstElement *element, GstBuffer *buffer,
    const GstSegment *segment, TribFrameInfo *ret_info);
void frame_identity_clear (FrameIdentity *self);

G_END_DECLS
