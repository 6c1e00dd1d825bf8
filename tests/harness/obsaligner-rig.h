/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gsttestclock.h>

#include "trib-gst-test.h"

/* An obsaligner with a time that the test sets: the system's clock is a GstTestClock. */

typedef struct {
  GstTestClock *clock;
  GstElement *element;
  GstHarness *h;       /* its pads sink and src */
  GstHarness *more[8]; /* its pads sink_0, ... */
  GThread *keeper;
  GMutex lock;
  GCond ended;
  gboolean end; /* lock */
} Rig;

Rig *rig_new (const gchar *properties);
/* without the pad sink: @n pads sink_0, ... */
Rig *rig_new_pads (const gchar *properties, guint n);
void rig_free (Rig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

void rig_at (Rig *rig, gdouble ms);
void rig_push (GstHarness *h, const gchar *json);
void rig_say (Rig *rig, GstHarness *h, const gchar *script);
gchar *rig_pull (Rig *rig);
void rig_expect (Rig *rig, const gchar *lines);
void rig_end (Rig *rig, const gchar *lines);

guint64 rig_stat (Rig *rig, const gchar *field);
void rig_assert_closed (Rig *rig);
