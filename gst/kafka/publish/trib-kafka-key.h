/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <record/trib-json-reader.h>

G_BEGIN_DECLS

/* The key of a JSON record: the value of one of its members. */

TribJsonReader *trib_kafka_key_reader_new (void);
gboolean trib_kafka_key_read (TribJsonReader *reader, GBytes *value, const gchar *key_field,
    gchar **ret_key, gsize *ret_key_size, GError **error);

G_END_DECLS
