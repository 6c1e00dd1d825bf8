/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "verifier.h"

G_BEGIN_DECLS

/* What kafka-demo.c (the pipeline, from phase to phase) shares with kafka-demo-report.c (what it
 * prints). */

#define IN_PROCESS "in-process"
#define DRAIN_MS 10000
#define STALL_S 20 /* a verifier that proves nothing for so long is not waited for */
/* what the broker inside the process keeps: docs of kafkabinarysink */
#define BROKER_PARTITIONS 16
#define BROKER_PARTITION_BYTES (5 * 1024 * 1024)

enum { EXIT_CLEAN = 0, EXIT_FINDINGS = 1, EXIT_COULD_NOT_RUN = 2 };

typedef enum {
  PHASE_STARTING, /* until the verifier reads */
  PHASE_PLAYING,  /* frames flow */
  PHASE_DRAINING, /* after the first Ctrl-C: no new frames */
  PHASE_PROVING,  /* the verifier reads what is left */
  PHASE_OVER,
} Phase;

typedef struct {
  /* options */
  gchar *servers;
  gchar *format;
  gint quality;
  gchar **rest;
  const gchar *video;
  gboolean in_process, live, on_terminal;

  /* main thread */
  GMainLoop *loop;
  GstElement *pipeline, *encoder, *sink;
  gchar *session, *address;
  Verifier *verifier;
  Phase phase;
  gchar *missing; /* what decodebin found no decoder for */
  gboolean error, no_verdict;
  gint64 began, ended; /* monotonic, us */
  guint64 last_frames, last_bytes;
  gint64 last_shown;
  gdouble frames_per_s, bytes_per_s;
  guint width; /* of the progress line that is on the terminal, 0: none */
  guint64 last_proven;
  gint64 last_proof; /* monotonic, us: when the verifier had last proven something */

  /* lock */
  GMutex lock;
  GCond room; /* for one more frame in the broker inside the process */
  guint64 frames, original_bytes, bytes, largest, proven_bytes;
  gboolean bounded;
} Demo;

void say (Demo *d, const gchar *format, ...) G_GNUC_PRINTF (2, 3);
void wipe_progress (Demo *d);
guint64 number (const GstStructure *s, const gchar *field);
GstStructure *get_stats (GstElement *element);
gboolean progress_cb (gpointer user_data);
int report (Demo *d);

G_END_DECLS
