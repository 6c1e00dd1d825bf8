/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Holds every element message that an element of this project posts, in whatever test, against its
 * page under docs/elements: an undocumented message or field is a critical, which fails the test.
 * The lint reads the sources for the same; this sees the fields whose names are made while running,
 * too. */

void trib_watch_messages (void);

gboolean trib_message_field_is_documented (
    const gchar *page, const gchar *message, const gchar *field);
