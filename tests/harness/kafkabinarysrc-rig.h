/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <frame/trib-frame-meta.h>

#include <trib-gst-test.h>

/* kafkabinarysink writes what a test pushes, kafkabinarysrc reads it back. Topics of one rig have a
 * prefix of their own. */
typedef struct {
  TribWatchdog *watchdog;
  gchar *servers;
  gchar *prefix;
  GstHarness *sink; /* NULL once source_rig_end() */
  GstHarness *src;
  GstElement *element; /* kafkabinarysrc */
  GstBus *bus;
} SourceRig;

/* @servers: "in-process", or an address */
SourceRig *source_rig_new (const gchar *servers, const gchar *sink_properties);
void source_rig_free (SourceRig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SourceRig, source_rig_free)

/* a frame of 1000 + index bytes, captured 100 ms after the one before it */
void source_rig_push (SourceRig *rig, const gchar *session, const gchar *stream, guint64 index);
void source_rig_push_size (
    SourceRig *rig, const gchar *session, const gchar *stream, guint64 index, gsize size);
void source_rig_push_many (SourceRig *rig, const gchar *session, guint first, guint n);
/* waits until every frame has its outcome */
void source_rig_settle (SourceRig *rig);
gint64 source_rig_time (guint64 index);

/* begins to read; the harness plays */
void source_rig_read (SourceRig *rig, const gchar *properties);
/* the next frame, checked: bytes, meta, index */
GstBuffer *source_rig_pull (
    SourceRig *rig, const gchar *session, const gchar *stream, guint64 index);
void source_rig_pull_many (SourceRig *rig, const gchar *session, guint first, guint n);
/* the next event of that type */
GstEvent *source_rig_event (SourceRig *rig, GstEventType type);
guint64 source_rig_stat (SourceRig *rig, const gchar *field);
/* (nullable) */
GstMessage *source_rig_pop (SourceRig *rig, GstMessageType types, const gchar *name);
void source_rig_seek (SourceRig *rig, GstClockTime position);
