/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstharness.h>
#include <gst/gst.h>

/* What the tests of the elements for records share. */

GstHarness *record_harness (const gchar *element, const gchar *caps);
void record_push_bytes (GstHarness *h, gconstpointer bytes, gsize len, GstClockTime pts);
void record_push (GstHarness *h, const gchar *text, GstClockTime pts);
void record_assert_bytes (GstBuffer *buffer, gconstpointer bytes, gsize len);
void record_assert_text (GstBuffer *buffer, const gchar *text);
/* @dropped: (nullable): "syntax 2 utf8 1": those reasons, and no other ones; closes the books */
void record_check_stats (GstHarness *h, guint64 in, guint64 out, const gchar *dropped);
void record_check_last (GstHarness *h, guint64 record, guint64 offset);
void record_check_message (
    GstMessage *message, const gchar *reason, guint64 record, guint64 offset);
