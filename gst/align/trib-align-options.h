/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-align-config.h"

G_BEGIN_DECLS

/* The settings by name and text, as programs and files give them; the names are those of
 * obsaligner's properties. */

/**
 * TribAlignOption:
 * @name: of the setting
 * @values: what it takes: words with | between them, or what kind of value
 * @what: one line about it
 */
typedef struct {
  const gchar *name;
  const gchar *values;
  const gchar *what;
} TribAlignOption;

guint trib_align_n_options (void);
const TribAlignOption *trib_align_option (guint index);
gboolean trib_align_config_set (
    TribAlignConfig *config, const gchar *name, const gchar *text, GError **error);

G_END_DECLS
