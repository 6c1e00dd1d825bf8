/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The log of the libraries, which know no GStreamer: lines go to a hook. Plugins bind it to
 * GStreamer's debug log (plugins/shared/trib-element-log.h), so that GST_DEBUG=trib*:5 shows them;
 * elsewhere nothing is bound, and nothing is formatted.
 *
 * gst/common is linked statically, with hidden symbols, into each plugin, program and test, and
 * into libtributary-1.0. So each of these binaries has a hook of its own, and a plugin binds the
 * one that its own code uses.
 *
 * A line that is switched off costs one load and one comparison. Safe on any thread, under any
 * lock: a hook takes no lock of this project. */

/* the numbers are GstDebugLevel's */
typedef enum {
  TRIB_LOG_ERROR = 1,
  TRIB_LOG_WARNING = 2,
  TRIB_LOG_INFO = 4,
  TRIB_LOG_DEBUG = 5,
  TRIB_LOG_LOG = 6,
  TRIB_LOG_TRACE = 7,
} TribLogLevel;

/**
 * TribLogCategory:
 * @name: "trib" and the library, like tribkafka
 * @description: a few words
 * @data: of the hook; accessed atomically
 *
 * One a library, defined there, a variable that lives for ever.
 */
typedef struct {
  const gchar *name;
  const gchar *description;
  gpointer data;
} TribLogCategory;

/* @id: (nullable): which object the line is about */
typedef void (*TribLogHook) (TribLogCategory *category, TribLogLevel level, const gchar *file,
    gint line, const gchar *function, const gchar *id, const gchar *format, va_list args);

/* lowest importance that any category shows; the hook decides about the rest */
extern const gint *trib_log_threshold;

void trib_log_set_hook (TribLogHook hook, const gint *threshold);
void trib_log_write (TribLogCategory *category, TribLogLevel level, const gchar *file, gint line,
    const gchar *function, const gchar *id, const gchar *format, ...) G_GNUC_PRINTF (7, 8);

#define TRIB_LOG_IS_ON(level) G_UNLIKELY ((gint) (level) <= *trib_log_threshold)

/* TRIB_LOG (&trib_kafka_log, TRIB_LOG_DEBUG, frame_id, "dropped: %s", reason) */
#define TRIB_LOG(category, level, id, ...)                                              \
  G_STMT_START                                                                          \
  {                                                                                     \
    if (TRIB_LOG_IS_ON (level))                                                         \
      trib_log_write (category, level, __FILE__, __LINE__, G_STRFUNC, id, __VA_ARGS__); \
  }                                                                                     \
  G_STMT_END

G_END_DECLS
